using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using FluentValidation;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Bxb.Management.ApiKeys;

/// <summary>The body of <c>POST /v1/organizations/{id}/api_keys</c>; optional.</summary>
internal sealed class ApiKeyBody
{
    /// <summary>A name for people; 1 to 255 characters.</summary>
    public string? Name { get; init; }

    /// <summary>Any of ingest, read and manage. Default: all.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }
}

/// <summary>A new API key. The only answer that holds the key itself.</summary>
/// <param name="Id">The key's number, by which it is revoked.</param>
/// <param name="Key">The key. No later answer holds it.</param>
/// <param name="Scopes">The calls that it opens.</param>
/// <param name="Name">A name for people.</param>
internal sealed record NewApiKeyAnswer(long Id, string Key, IReadOnlyList<string> Scopes, string? Name);

/// <summary><c>POST /v1/organizations/{id}/api_keys</c>.</summary>
internal sealed class CreateApiKey(IDbContextFactory<ManagementDbContext> contexts, IOptions<ManagementOptions> options, TimeProvider time) : IApiCall
{
    private readonly Rules _rules = new();

    public async Task AnswerAsync(HttpContext context)
    {
        var organizationId = ApiKeyPath.OrganizationId(context);
        var body = await ApiBody.ReadOptionalAsync<ApiKeyBody>(context, options.Value.MaxBodyBytes) ?? new ApiKeyBody();
        await _rules.CheckAsync(body, context.RequestAborted);
        var key = KeyHash.NewKey();
        var scopes = body.Scopes is { } names ? ScopeNames.Parse(names) : ScopeNames.All;
        var row = new ApiKeyRow { OrganizationId = organizationId, Name = body.Name, Hash = KeyHash.Of(key).ToArray(), Scopes = (int)scopes, CreatedAt = time.GetUtcNow() };
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(context.RequestAborted);
        }
        catch (DbUpdateException missing) when (missing.IsForeignKeyViolation())
        {
            throw new ApiException(ErrorCode.NotFound, "There is no organization with this id.");
        }

        context.Response.Headers.CacheControl = "no-store";
        await context.AnswerJsonAsync(new NewApiKeyAnswer(row.Id, key, ScopeNames.Of(scopes), row.Name), StatusCodes.Status201Created);
    }

    private sealed class Rules : AbstractValidator<ApiKeyBody>
    {
        public Rules()
        {
            RuleFor(k => k.Name).Characters(1, 255);
            RuleFor(k => k.Scopes).Must(s => s is null || s.Count > 0).WithMessage("must name at least one scope; leave it out for all of them");
            RuleFor(k => k.Scopes).Must(s => s is null || s.Distinct(StringComparer.Ordinal).Count() == s.Count).WithMessage("must name each scope once");
            RuleForEach(k => k.Scopes).Must(s => ScopeNames.Known.Contains(s, StringComparer.Ordinal)).WithMessage($"must be one of {string.Join(", ", ScopeNames.Known)}");
        }
    }
}
