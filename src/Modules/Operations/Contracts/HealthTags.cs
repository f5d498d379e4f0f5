namespace Bxb.Operations.Contracts;

/// <summary>Tags of health checks.</summary>
public static class HealthTags
{
    /// <summary>The check's description names no server and quotes no error, so <c>/health/ready</c> shows it to callers without a key.</summary>
    public const string Public = "public";
}
