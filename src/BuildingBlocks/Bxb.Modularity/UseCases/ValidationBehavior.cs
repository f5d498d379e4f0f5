using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using FluentValidation;
using MediatR;

namespace Bxb.Modularity.UseCases;

/// <summary>Runs every validator of a request before its handler; what they find is one 422 answer with JSON Pointers.</summary>
internal sealed class ValidationBehavior<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators) : IPipelineBehavior<TRequest, TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        List<ApiFault>? faults = null;
        foreach (var validator in validators)
        {
            var result = await validator.ValidateAsync(request, cancellationToken);
            foreach (var failure in result.Errors)
            {
                (faults ??= []).Add(new ApiFault(JsonPointer.FromPropertyPath(failure.PropertyName), failure.ErrorMessage));
            }
        }

        return faults is null ? await next() : throw new ApiException(ErrorCode.ValidationFailed, "The request is well-formed, but not valid.", faults);
    }
}
