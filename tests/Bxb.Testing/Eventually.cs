namespace Bxb.Testing;

/// <summary>Waits for what no signal tells: asks again and again, for half a minute at most.</summary>
public static class Eventually
{
    /// <summary>Returns when the condition holds.</summary>
    /// <exception cref="TimeoutException">It never did.</exception>
    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException("The condition did not come to hold.");
            }

            await Task.Delay(10);
        }
    }
}
