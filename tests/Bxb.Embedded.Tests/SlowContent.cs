using System.Net;

namespace Bxb.Embedded.Tests;

/// <summary>A body whose second part is sent when the test says so.</summary>
internal sealed class SlowContent(byte[] first, Task<byte[]> second) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(first);
        await stream.FlushAsync();
        await stream.WriteAsync(await second);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
