using Bxb.EventLog;
using Bxb.Riders.Replays;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Compliance;

/// <summary>Builds a host with groups before or after the riders, and with short intervals.</summary>
public sealed class ComplianceHostBuilder
{
    private readonly HostApplicationBuilder _builder = Host.CreateEmptyApplicationBuilder(null);
    private readonly TransportRig _rig;
    private Action<RidersOptions> _riders = _ => { };
    private bool _added;

    internal ComplianceHostBuilder(TransportRig rig)
    {
        _rig = rig;
        _builder.Logging.SetMinimumLevel(LogLevel.None);
        _builder.Services.AddEventLog(o => o.ConnectionString = rig.ConnectionString);
        _builder.Services.AddSingleton(_ => Stage);
    }

    /// <summary>Scripts and deliveries of the host.</summary>
    public Stage Stage { get; } = new();

    /// <summary>The container.</summary>
    public IServiceCollection Services => _builder.Services;

    /// <summary>Adds a group with a scripted consumer.</summary>
    public ComplianceHostBuilder Group(string group, Action<EventConsumerOptions>? configure = null, Script? script = null) => Group<ScriptedConsumer>(group, configure, script);

    /// <summary>Adds a group with a given consumer type.</summary>
    public ComplianceHostBuilder Group<T>(string group, Action<EventConsumerOptions>? configure = null, Script? script = null)
        where T : class, IConsumer<EventBatch>
    {
        if (script is not null)
        {
            Stage.Scripts[group] = script;
        }

        Services.AddEventConsumer<T>(group, o =>
        {
            (o.MaxWait, o.RetryDelay, o.MaxRetryDelay) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50));
            configure?.Invoke(o);
        });
        return this;
    }

    /// <summary>Sets the options of all groups.</summary>
    public ComplianceHostBuilder Riders(Action<RidersOptions> configure)
    {
        _riders = configure;
        return this;
    }

    /// <summary>Adds the riders now; by default they are added last.</summary>
    public ComplianceHostBuilder AddRidersHere()
    {
        _added = true;
        _rig.AddTransport(Services);
        Services.AddReplays();
        Services.AddRiders(o =>
        {
            o.OwnershipInterval = TimeSpan.FromMilliseconds(50);
            _riders(o);
        });
        return this;
    }

    internal ComplianceHost Build()
    {
        if (!_added)
        {
            AddRidersHere();
        }

        Services.RemoveAll<IHostLifetime>();
        Services.AddSingleton<IHostLifetime, NoLifetime>();
        Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));
        return new ComplianceHost(_builder.Build(), Stage);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>A host and the deliveries to it.</summary>
public sealed class ComplianceHost(IHost host, Stage stage) : IAsyncDisposable
{
    private bool _stopped = true;

    /// <summary>Scripts and deliveries.</summary>
    public Stage Stage => stage;

    /// <summary>The container.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>The groups' status.</summary>
    public ConsumerGroups Groups => Services.GetRequiredService<ConsumerGroups>();

    /// <summary>The dead letters.</summary>
    public DeadLetterQueue DeadLetters => Services.GetRequiredService<DeadLetterQueue>();

    /// <summary>Starts it.</summary>
    public async Task<ComplianceHost> StartAsync()
    {
        await host.StartAsync();
        _stopped = false;
        return this;
    }

    /// <summary>Stops it in order.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await host.StopAsync();
    }

    /// <summary>Fails after a minute.</summary>
    public async Task WaitForAsync(string group, long position)
    {
        if (!await Groups.WaitForAsync(group, position, TimeSpan.FromMinutes(1), CancellationToken.None))
        {
            throw new TimeoutException($"{group} is at {await Groups.GetAsync(group, CancellationToken.None)} and not at {position}.");
        }
    }

    /// <summary>The health of one check.</summary>
    public async Task<HealthReportEntry> HealthAsync(string check) =>
        (await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(CancellationToken.None)).Entries[check];

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            stage.Close();
            await StopAsync();
        }

        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
