using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Bxb.Riders.Pipeline;

/// <summary>Validates the registrations of consumer groups; each fault is a sentence that names the group.</summary>
internal static partial class RegistrationRules
{
    public static IEnumerable<string> Check(IReadOnlyList<EventConsumerRegistration> registrations)
    {
        foreach (var same in registrations.GroupBy(r => r.Group, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            yield return $"The consumer group '{same.Key}' is registered for {string.Join(" and for ", same.Select(r => r.ConsumerType.Name))}; a group has one consumer.";
        }

        foreach (var registration in registrations)
        {
            if (!GroupName().IsMatch(registration.Group))
            {
                yield return $"'{registration.Group}' is no name for a consumer group: 1 to 100 characters of a-z, 0-9, '-' and '_'.";
            }

            if (registration.Group == DeadLetter.RelayGroup)
            {
                yield return $"'{registration.Group}' is no name for a consumer group: the relay keeps its dead letters under it.";
            }

            foreach (var fault in CheckOptions(registration))
            {
                yield return fault;
            }
        }
    }

    private static IEnumerable<string> CheckOptions(EventConsumerRegistration registration)
    {
        var faults = new List<ValidationResult>();
        Validator.TryValidateObject(registration.Options, new ValidationContext(registration.Options), faults, validateAllProperties: true);
        foreach (var fault in faults)
        {
            yield return $"The options of consumer group '{registration.Group}' are not valid: {fault.ErrorMessage}";
        }

        if (registration.Options.MaxRetryDelay < registration.Options.RetryDelay)
        {
            yield return $"The options of consumer group '{registration.Group}' are not valid: MaxRetryDelay must not be below RetryDelay.";
        }
    }

    [GeneratedRegex("^[a-z0-9_-]{1,100}$", RegexOptions.CultureInvariant)]
    private static partial Regex GroupName();
}
