using Microsoft.ML;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Samples;

/// <summary>The MLContext of one run of the program.</summary>
internal static class Session
{
    /// <summary>Warnings and errors of the log go to the error stream.</summary>
    /// <param name="seed">Of the context.</param>
    /// <param name="gpu">A CUDA device.</param>
    /// <param name="threads">Of an operation on the CPU.</param>
    /// <param name="warnings">Whether warnings are shown; errors are in any case.</param>
    public static MLContext Begin(int? seed = null, int? gpu = null, int? threads = null, bool warnings = true)
    {
        set_num_threads(threads ?? Environment.ProcessorCount);
        MLContext ml = new(seed) { GpuDeviceId = gpu };
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Error || (warnings && entry.Kind == ChannelMessageKind.Warning))
            {
                Console.Error.WriteLine($"{entry.Kind.ToString().ToLowerInvariant()}: {entry.RawMessage}");
            }
        };
        return ml;
    }
}
