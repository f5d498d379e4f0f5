using System.Diagnostics;
using System.Globalization;

namespace Bxb.Embedded.Processes;

/// <summary>Describes the end of a child process for error messages and log lines.</summary>
internal static class ProcessEnd
{
    // .NET's exit code of a process that a signal ended is this plus the signal.
    private const int SignalBase = 128;

    /// <summary>For example <c>by signal SIGSEGV</c> or <c>with exit code 1</c>.</summary>
    public static string Describe(Process process) => Describe(process.ExitCode);

    public static string Describe(int exitCode) => (exitCode - SignalBase) switch
    {
        4 => "by signal SIGILL: the processor may lack instructions that the program was built for",
        6 => "by signal SIGABRT",
        7 when OperatingSystem.IsLinux() => "by signal SIGBUS: the disk may be full or may have failed",
        8 => "by signal SIGFPE",
        Libc.SigKill => "by signal SIGKILL: the system may have run out of memory",
        11 => "by signal SIGSEGV",
        Libc.SigTerm => "by signal SIGTERM",
        31 when OperatingSystem.IsLinux() => "by signal SIGSYS: a sandbox may forbid a system call",
        > 0 and < 65 and var signal => $"by signal {signal.ToString(CultureInfo.InvariantCulture)}",
        _ => $"with exit code {exitCode.ToString(CultureInfo.InvariantCulture)}",
    };
}
