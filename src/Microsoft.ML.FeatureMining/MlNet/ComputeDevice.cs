using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>Selects the device by MLContext.GpuDeviceId and FallbackToCpu.</summary>
internal static class ComputeDevice
{
    public static Device Of(IHostEnvironment environment)
    {
        TorchLibrary.EnsureLoaded();
        (int? wanted, bool fallback) = Internals.RequestedDevice(environment);
        if (wanted is null)
        {
            return CPU;
        }

        using IChannel channel = environment.Start("Device");
        return Choose(wanted, fallback, cuda.is_available() ? cuda.device_count() : 0, message => channel.Warning(MessageSensitivity.None, message));
    }

    /// <exception cref="InvalidOperationException">The device does not exist, and FallbackToCpu is false.</exception>
    public static Device Choose(int? wanted, bool fallback, int gpuCount, Action<string> warn)
    {
        if (wanted is not { } id)
        {
            return CPU;
        }

        if (id >= 0 && id < gpuCount)
        {
            return new Device(DeviceType.CUDA, id);
        }

        string reason = FormattableString.Invariant($"GpuDeviceId is {id}, but TorchSharp finds {(gpuCount == 0 ? "no GPU" : $"{gpuCount} GPU(s)")}");
        if (!fallback)
        {
            throw new InvalidOperationException($"{reason}. Set FallbackToCpu to use the CPU instead.");
        }

        warn($"{reason}; using the CPU.");
        return CPU;
    }
}
