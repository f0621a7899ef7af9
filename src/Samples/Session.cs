using Microsoft.ML;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Samples;

/// <summary>The MLContext of one run of the program.</summary>
internal static class Session
{
    /// <summary>Warnings and errors of the log go to the error stream.</summary>
    public static MLContext Begin(int? seed = null, int? gpu = null, int? threads = null)
    {
        set_num_threads(threads ?? Environment.ProcessorCount);
        MLContext ml = new(seed) { GpuDeviceId = gpu };
        ml.Log += (_, entry) =>
        {
            if (entry.Kind is ChannelMessageKind.Warning or ChannelMessageKind.Error)
            {
                Console.Error.WriteLine($"{entry.Kind.ToString().ToLowerInvariant()}: {entry.RawMessage}");
            }
        };
        return ml;
    }
}
