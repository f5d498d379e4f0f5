namespace Bxb.Riders.Progress;

/// <summary>The groups that are registered on this host. Fixed once the container is built; thread-safe.</summary>
internal sealed class GroupRegistry
{
    private readonly Dictionary<string, GroupActivity> _groups;

    public GroupRegistry(IEnumerable<EventConsumerRegistration> registrations, TimeProvider time) =>
        _groups = registrations.Select(r => r.Group).Distinct(StringComparer.Ordinal).ToDictionary(g => g, g => new GroupActivity(g, time), StringComparer.Ordinal);

    public IReadOnlyCollection<GroupActivity> All => _groups.Values;

    /// <summary>The group with a name; null when it is not registered here.</summary>
    public GroupActivity? Find(string group) => _groups.GetValueOrDefault(group);
}
