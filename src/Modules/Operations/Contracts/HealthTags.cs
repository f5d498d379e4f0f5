namespace Bxb.Operations.Contracts;

/// <summary>Tags of health checks.</summary>
public static class HealthTags
{
    /// <summary>The check's description has no server names and no error texts, so <c>/health/ready</c>, which needs no key, shows it.</summary>
    public const string Public = "public";
}
