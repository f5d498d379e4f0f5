using System.ComponentModel.DataAnnotations;

namespace Bxb.Host.Settings;

/// <summary><c>Bxb:Shutdown</c>: the stop of the host.</summary>
public sealed class ShutdownOptions
{
    /// <summary>
    /// Time after SIGTERM or SIGINT in which requests are still served, <c>/health/ready</c> answers 503, and every answer closes its connection. Then the port closes. A second signal ends the time.
    /// Default 0: the port closes at once. 0 to 5 min. Behind a load balancer choose more than its check interval, such as 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "must be from 00:00:00 to 00:05:00")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.Zero;
}
