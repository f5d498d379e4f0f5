namespace Bxb.Riders.Compliance;

/// <summary>Base of the behaviour suites that every transport must pass. A transport inherits each suite and creates its rig.</summary>
public abstract class TransportCompliance : IAsyncLifetime
{
    /// <summary>The group that most tests use.</summary>
    protected const string Group = "compliance";

    /// <summary>The rig of this test.</summary>
    protected TransportRig Rig { get; private set; } = null!;

    /// <summary>Makes the transport's rig.</summary>
    protected abstract TransportRig CreateRig();

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        Rig = CreateRig();
        await Rig.StartAsync();
    }

    /// <inheritdoc />
    public async Task DisposeAsync() => await Rig.DisposeAsync();
}
