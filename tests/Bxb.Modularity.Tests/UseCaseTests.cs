using Bxb.Modularity.Errors;
using Bxb.Modularity.UseCases;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity.Tests;

public sealed class UseCaseTests
{
    [Fact]
    public async Task A_valid_request_reaches_its_handler_and_an_invalid_one_does_not()
    {
        var services = new ServiceCollection();
        services.AddUseCases();
        services.AddUseCases();
        services.AddUseCase<Greet, string, Greet.Handler, Greet.Validator>();
        await using var provider = services.BuildServiceProvider();
        var mediator = provider.GetRequiredService<IMediator>();

        (await mediator.Send(new Greet("Ada"))).ShouldBe("Hello, Ada");
        var refused = await Should.ThrowAsync<ApiException>(() => mediator.Send(new Greet("")));
        refused.Code.ShouldBe(ErrorCode.ValidationFailed);
        refused.Faults.ShouldBe([new ApiFault("/whom_it_is", "is needed")]);
    }

    [Fact]
    public void A_module_is_added_once()
    {
        var bxb = new ConfigurationBuilder().Build().GetSection("Bxb");
        var services = new ServiceCollection().AddModule<EmptyModule>(bxb);
        Should.Throw<InvalidOperationException>(() => services.AddModule<EmptyModule>(bxb)).Message.ShouldContain(nameof(EmptyModule));
    }

    private sealed record Greet(string WhomItIs) : IRequest<string>
    {
        internal sealed class Validator : AbstractValidator<Greet>
        {
            public Validator() => RuleFor(g => g.WhomItIs).NotEmpty().WithMessage("is needed");
        }

        internal sealed class Handler : IRequestHandler<Greet, string>
        {
            public Task<string> Handle(Greet request, CancellationToken cancellationToken)
                => request.WhomItIs.Length == 0 ? throw new InvalidOperationException("An invalid request came through.") : Task.FromResult($"Hello, {request.WhomItIs}");
        }
    }

    private sealed class EmptyModule : IModule
    {
        public string Name => "Empty";

        public void AddServices(IServiceCollection services, IConfigurationSection bxb)
        {
        }

        public void MapEndpoints(Microsoft.AspNetCore.Routing.IEndpointRouteBuilder endpoints)
        {
        }
    }
}
