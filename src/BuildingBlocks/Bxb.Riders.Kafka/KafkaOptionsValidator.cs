using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka;

/// <summary>Checks what the annotations of <see cref="KafkaOptions"/> cannot say: its sections, and the settings against each other. Each fault is one sentence that names the key.</summary>
public sealed class KafkaOptionsValidator : IValidateOptions<KafkaOptions>
{
    private const string Section = "Bxb:Kafka";

    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, KafkaOptions options)
    {
        if (options.Security is null || options.Relay is null)
        {
            return ValidateOptionsResult.Fail($"{Section}:Security and {Section}:Relay are sections and cannot be empty.");
        }

        // A value that is out of its range would only contradict others in further sentences.
        string[] faults = [.. Annotations(options, Section), .. Annotations(options.Security, $"{Section}:Security"), .. Annotations(options.Relay, $"{Section}:Relay")];
        faults = faults.Length > 0 ? faults : [.. Brokers(options.BootstrapServers), .. Topic(options), .. Security(options.Security), .. Files(options.Security)];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Annotations(object section, string path)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(section, new ValidationContext(section), results, validateAllProperties: true);
        return results.Select(r => $"{string.Join(", ", r.MemberNames.Select(m => $"{path}:{m}"))}: {r.ErrorMessage}");
    }

    private static IEnumerable<string> Brokers(string servers)
    {
        if (servers.Split(',', StringSplitOptions.TrimEntries).Any(server => !IsBroker(server)))
        {
            yield return $"{Section}:BootstrapServers must be host:port, more of them separated by commas, and nothing else.";
        }
    }

    private static bool IsBroker(string server) => Uri.TryCreate("kafka://" + server, UriKind.Absolute, out var address)
        && address.Host.Length > 0 && address.Port != 0 && string.Equals(address.Authority, server, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Topic(KafkaOptions options)
    {
        if (options.MinInsyncReplicas > options.ReplicationFactor)
        {
            yield return $"{Section}:MinInsyncReplicas ({options.MinInsyncReplicas}) is at most ReplicationFactor ({options.ReplicationFactor}): with more, nothing could ever be written.";
        }

        if (options.Topic is "." or "..")
        {
            yield return $"{Section}:Topic cannot be {options.Topic}: Kafka takes no topic of that name.";
        }
    }

    private static IEnumerable<string> Security(KafkaSecuritySection security)
    {
        var logsIn = security.Protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl;
        var encrypts = security.Protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl;
        if (logsIn && (string.IsNullOrEmpty(security.Username) || string.IsNullOrEmpty(security.Password)))
        {
            yield return $"{Section}:Security:Protocol is {security.Protocol}, which needs {Section}:Security:Username and {Section}:Security:Password.";
        }

        if (logsIn && security.SaslMechanism is not (SaslMechanism.Plain or SaslMechanism.ScramSha256 or SaslMechanism.ScramSha512))
        {
            yield return $"{Section}:Security:SaslMechanism is {security.SaslMechanism}, and only Plain, ScramSha256 and ScramSha512 are supported.";
        }

        if (!logsIn && (security.Username is not null || security.Password is not null))
        {
            yield return $"{Section}:Security:Username and Password are set, but Protocol is {security.Protocol}: nothing would log in. SaslSsl does.";
        }

        if (!encrypts && (security.CaLocation is not null || security.CertificateLocation is not null || security.KeyLocation is not null || security.KeyPassword is not null))
        {
            yield return $"{Section}:Security names certificates, but Protocol is {security.Protocol}: nothing would be encrypted. Ssl and SaslSsl are.";
        }

        if (security.CertificateLocation is null != security.KeyLocation is null)
        {
            yield return $"{Section}:Security:CertificateLocation and KeyLocation belong together: set both or neither.";
        }
    }

    /// <summary>The files of an encrypted connection; without one, settings that name them are refused for another reason.</summary>
    private static IEnumerable<string> Files(KafkaSecuritySection security)
    {
        (string Key, string? Path)[] files =
        [
            (nameof(security.CaLocation), security.CaLocation), (nameof(security.CertificateLocation), security.CertificateLocation), (nameof(security.KeyLocation), security.KeyLocation),
        ];
        return security.Protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl
            ? files.Where(f => f.Path is not null && !File.Exists(f.Path)).Select(f => $"{Section}:Security:{f.Key} names a file that is not there or cannot be read.")
            : [];
    }
}
