using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Bxb.Modularity.Settings;

/// <summary>Binds options to their part of the section <c>Bxb</c>, checks their data annotations at start and makes their keys known.</summary>
public static class ValidatedOptions
{
    /// <summary>
    /// Binds <typeparamref name="TOptions"/> to <c>Bxb:{path}</c>; an empty path is <c>Bxb</c> itself. Attributes and <see cref="IValidatableObject"/> are checked, in
    /// the sections below, too. Faults name the key as it is set.
    /// </summary>
    /// <param name="services">The host's container.</param>
    /// <param name="bxb">The section <c>Bxb</c> of the configuration.</param>
    /// <param name="path">The path below it.</param>
    /// <param name="except">A property that the host sets and that is no key; null if there is none.</param>
    public static OptionsBuilder<TOptions> AddValidatedOptions<TOptions>(this IServiceCollection services, IConfigurationSection bxb, string path, string? except = null)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(bxb);
        services.AddSingleton(new KnownSettings(path, typeof(TOptions), except));
        services.AddSingleton<IValidateOptions<TOptions>>(new AnnotationValidator<TOptions>(path.Length == 0 ? bxb.Path : $"{bxb.Path}:{path}"));
        return services.AddOptions<TOptions>().Bind(path.Length == 0 ? bxb : bxb.GetSection(path)).ValidateOnStart();
    }

    private static IEnumerable<string> Faults(object options, string path)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        foreach (var result in results)
        {
            yield return $"{string.Join(", ", result.MemberNames.Select(m => $"{path}:{m}").DefaultIfEmpty(path))}: {result.ErrorMessage}";
        }

        foreach (var section in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => SettingsTree.IsSection(p.PropertyType)))
        {
            var key = $"{path}:{section.Name}";
            foreach (var fault in section.GetValue(options) is { } value ? Faults(value, key) : [$"{key}: is a section and cannot be empty."])
            {
                yield return fault;
            }
        }
    }

    private sealed class AnnotationValidator<TOptions>(string path) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            string[] faults = [.. Faults(options, path)];
            return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
