using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Bxb.Modularity.Settings;

/// <summary>Binds options to their part of the section <c>Bxb</c>, checks their data annotations at start and makes their keys known.</summary>
public static class ValidatedOptions
{
    /// <summary>Binds <typeparamref name="TOptions"/> to <c>Bxb:{path}</c>; an empty path is <c>Bxb</c> itself. Faults name the key as it is set.</summary>
    public static OptionsBuilder<TOptions> AddValidatedOptions<TOptions>(this IServiceCollection services, IConfigurationSection bxb, string path)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(bxb);
        services.AddSingleton(new KnownSettings(path, typeof(TOptions)));
        services.AddSingleton<IValidateOptions<TOptions>>(new AnnotationValidator<TOptions>(path.Length == 0 ? bxb.Path : $"{bxb.Path}:{path}"));
        return services.AddOptions<TOptions>().Bind(path.Length == 0 ? bxb : bxb.GetSection(path)).ValidateOnStart();
    }

    private sealed class AnnotationValidator<TOptions>(string path) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            var results = new List<ValidationResult>();
            if (Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true))
            {
                return ValidateOptionsResult.Success;
            }

            return ValidateOptionsResult.Fail(results.Select(r => $"{string.Join(", ", r.MemberNames.Select(m => $"{path}:{m}"))}: {r.ErrorMessage}"));
        }
    }
}
