using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.ApiKeys;

/// <summary>The body of <c>POST /v1/organizations/{id}/api_keys</c>; may be left out.</summary>
internal sealed class ApiKeyBody
{
    /// <summary>For people; 1 to 255 characters.</summary>
    public string? Name { get; init; }

    /// <summary>Any of ingest, read, manage; all of them if absent.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }
}

/// <summary>A new API key: the only answer that ever holds the key itself.</summary>
/// <param name="Id">The key's number, by which it is revoked.</param>
/// <param name="Key">The key, this once.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Name">For people.</param>
internal sealed record NewApiKeyAnswer(long Id, string Key, IReadOnlyList<string> Scopes, string? Name);

internal sealed record CreateApiKey(int OrganizationId, ApiKeyBody Body) : IRequest<NewApiKeyAnswer>
{
    internal sealed class Validator : AbstractValidator<CreateApiKey>
    {
        public Validator()
        {
            RuleFor(c => c.Body.Name).Characters(1, 255);
            RuleFor(c => c.Body.Scopes).Must(s => s is null || s.Count > 0).WithMessage("must name at least one scope; leave it out for all of them");
            RuleFor(c => c.Body.Scopes).Must(s => s is null || s.Distinct(StringComparer.Ordinal).Count() == s.Count).WithMessage("must name each scope once");
            RuleForEach(c => c.Body.Scopes).Must(s => ScopeNames.Known.Contains(s, StringComparer.Ordinal)).WithMessage($"must be one of {string.Join(", ", ScopeNames.Known)}");
        }
    }

    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts, TimeProvider time) : IRequestHandler<CreateApiKey, NewApiKeyAnswer>
    {
        public async Task<NewApiKeyAnswer> Handle(CreateApiKey request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var key = KeyHash.NewKey();
            var scopes = request.Body.Scopes is { } names ? ScopeNames.Parse(names) : ScopeNames.All;
            var row = new ApiKeyRow
            {
                OrganizationId = request.OrganizationId,
                Name = request.Body.Name,
                Hash = KeyHash.Of(key).ToArray(),
                Scopes = (int)scopes,
                CreatedAt = time.GetUtcNow(),
            };
            db.Add(row);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException missing) when (missing.IsForeignKeyViolation())
            {
                throw new ApiException(ErrorCode.NotFound, "There is no organization of this id.");
            }

            return new NewApiKeyAnswer(row.Id, key, ScopeNames.Of(scopes), row.Name);
        }
    }
}
