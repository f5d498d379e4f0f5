using System.ComponentModel.DataAnnotations;

namespace Bxb.Host.Serving;

/// <summary><c>Bxb:Shutdown</c>: how the host stops.</summary>
public sealed class ShutdownOptions
{
    /// <summary>
    /// How long requests are still taken after SIGTERM or SIGINT while <c>/health/ready</c> answers 503 and every answer closes its connection; the port closes after it. Default 0: the port closes at
    /// once. 0 to 5 min. Behind a balancer take more than it needs to notice, such as 5 s. A second signal ends the time.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "must be from 00:00:00 to 00:05:00")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.Zero;
}
