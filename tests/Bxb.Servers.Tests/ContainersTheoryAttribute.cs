namespace Bxb.Servers.Tests;

/// <summary>A test on servers in containers. Skipped unless <see cref="Variable"/> is set; then a missing Docker engine is a failure.</summary>
public sealed class ContainersTheoryAttribute : TheoryAttribute
{
    public const string Variable = "BXB_CONTAINERS";

    public ContainersTheoryAttribute()
    {
        if (!IsAsked)
        {
            Skip = $"{Variable} is not set: nothing was run on servers in containers. With a Docker engine, set it to 1.";
        }
    }

    /// <summary>Whether the tests are to run.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };
}
