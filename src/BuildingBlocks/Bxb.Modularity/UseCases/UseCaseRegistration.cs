using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Bxb.Modularity.UseCases;

/// <summary>Registers use cases by hand: a request, its handler and, if it has one, its validator.</summary>
public static class UseCaseRegistration
{
    /// <summary>Registers the mediator and the validation in front of every handler. May be called by every module.</summary>
    public static IServiceCollection AddUseCases(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddTransient<ServiceFactory>(provider => provider.GetService!);
        services.TryAddTransient<IMediator, Mediator>();
        services.TryAddEnumerable(ServiceDescriptor.Transient(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>)));
        return services;
    }

    /// <summary>Registers the handler of a request.</summary>
    public static IServiceCollection AddUseCase<TRequest, TResponse, THandler>(this IServiceCollection services)
        where TRequest : IRequest<TResponse>
        where THandler : class, IRequestHandler<TRequest, TResponse>
        => services.AddTransient<IRequestHandler<TRequest, TResponse>, THandler>();

    /// <summary>Registers the handler of a request and its validator, which must be stateless: there is one of it.</summary>
    public static IServiceCollection AddUseCase<TRequest, TResponse, THandler, TValidator>(this IServiceCollection services)
        where TRequest : IRequest<TResponse>
        where THandler : class, IRequestHandler<TRequest, TResponse>
        where TValidator : class, IValidator<TRequest>
        => services.AddUseCase<TRequest, TResponse, THandler>().AddSingleton<IValidator<TRequest>, TValidator>();
}
