using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using FluentValidation;

namespace Bxb.Modularity.Tests;

public sealed class ApiValidationTests
{
    [Fact]
    public async Task A_valid_request_passes_and_an_invalid_one_is_refused_with_a_pointer()
    {
        var rules = new Rules();
        await rules.CheckAsync(new Greeting("Ada"), CancellationToken.None);
        var refused = await Should.ThrowAsync<ApiException>(() => rules.CheckAsync(new Greeting(""), CancellationToken.None));
        refused.Code.ShouldBe(ErrorCode.ValidationFailed);
        refused.Faults.ShouldBe([new ApiFault("/whom_it_is", "is needed")]);
    }

    private sealed record Greeting(string WhomItIs);

    private sealed class Rules : AbstractValidator<Greeting>
    {
        public Rules() => RuleFor(g => g.WhomItIs).NotEmpty().WithMessage("is needed");
    }
}
