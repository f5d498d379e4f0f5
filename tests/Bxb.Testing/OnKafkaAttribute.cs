using System.Globalization;
using System.Reflection;
using Xunit.Sdk;

namespace Bxb.Testing;

/// <summary>
/// Marks tests that run on a Kafka: real brokers where <see cref="TestKafka.Variable"/> names one. Each that does so is noted in a file
/// below the folder that <see cref="Variable"/> names, one line a test, so that a run can tell how many there were.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class OnKafkaAttribute : BeforeAfterTestAttribute
{
    /// <summary>Names the folder of the notes; none are made without it.</summary>
    public const string Variable = "BXB_KAFKA_NOTES";

    private static readonly Lock Gate = new();

    /// <inheritdoc />
    public override void After(MethodInfo methodUnderTest)
    {
        if (!TestKafka.IsReal || Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder)
        {
            return;
        }

        lock (Gate)
        {
            // A file a process: test processes run side by side.
            var file = Path.Combine(Directory.CreateDirectory(folder).FullName, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            File.AppendAllLines(file, [$"{methodUnderTest.ReflectedType!.FullName}.{methodUnderTest.Name}"]);
        }
    }
}
