using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>An exported model, as a file or in memory.</summary>
/// <param name="Bytes">Its content; null if the weights are in a second file, so that it can be loaded only by its path.</param>
/// <param name="Path">Its path; null if it comes from a saved pipeline.</param>
internal sealed record OnnxModelFile(byte[]? Bytes, string? Path)
{
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static OnnxModelFile Of(string path) =>
        OnnxDataFile.Find(path).Count > 0 ? new OnnxModelFile(null, path) : new OnnxModelFile(File.ReadAllBytes(path), path);

    /// <exception cref="InvalidDataException">It is not an ONNX model that <c>ExportOnnx</c> wrote.</exception>
    /// <exception cref="InvalidOperationException">The GPU of the context cannot be used, and FallbackToCpu is false.</exception>
    /// <exception cref="DllNotFoundException">ONNX Runtime's native library is missing.</exception>
    public OnnxSession Load(IHostEnvironment environment, int? threads, out OnnxModelDescription description)
    {
        InferenceSession? session = null;
        try
        {
            using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            if (threads is { } count)
            {
                options.IntraOpNumThreads = count;
            }

            UseGpu(environment, options);
            session = Bytes is null ? new InferenceSession(Path, options) : new InferenceSession(Bytes, options);
            description = OnnxModelDescription.Read(session);
            return new OnnxSession(session);
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidDataException)
        {
            session?.Dispose();
            throw new InvalidDataException(
                $"{(Path is null ? "The model" : $"'{Path}'")} cannot be used as an image classifier: {e.Message.Split('\n')[0].TrimEnd('.')}.",
                e
            );
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new DllNotFoundException(
                "ONNX Runtime's native library was not found. Add the package Microsoft.ML.OnnxRuntime, or Microsoft.ML.OnnxRuntime.Gpu, to the program.",
                e
            );
        }
    }

    // As for the trainers, the device of the context.
    private static void UseGpu(IHostEnvironment environment, SessionOptions options)
    {
        (int? device, bool fallback) = Internals.RequestedDevice(environment);
        if (device is not { } id)
        {
            return;
        }

        try
        {
            options.AppendExecutionProvider_CUDA(id);
        }
        catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException)
        {
            string reason = FormattableString.Invariant($"GpuDeviceId is {id}, but ONNX Runtime cannot use it: {e.Message.Split('\n')[0]}");
            if (!fallback)
            {
                throw new InvalidOperationException($"{reason} Add the package Microsoft.ML.OnnxRuntime.Gpu, or set FallbackToCpu.", e);
            }

            using IChannel channel = environment.Start("Device");
            channel.Warning(MessageSensitivity.None, $"{reason} The CPU is used.");
        }
    }
}
