using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Scores images with ONNX Runtime. Images are resized by this library, so that their pixels are the same as in training. A model for raw images gets them at
/// the size before its center crop: its own resizing changes nothing, and it crops them. Thread-safe.
/// </summary>
/// <param name="session">The model.</param>
/// <param name="model">Its metadata.</param>
/// <param name="input">The input of the network, or of all networks of an ensemble.</param>
/// <param name="output">The output with the probabilities.</param>
internal sealed class OnnxScorer(OnnxSession session, OnnxModelDescription model, OnnxInputDescription input, string output) : IImageScorer
{
    private const int Rgb = 3;

    private readonly float[] _scale = ChannelScale.Of(input.Std);

    public ImagePreprocessing Preprocessing { get; } = model.IsNormalized ? input.ToPreprocessing() : input.ToPreprocessing().Uncropped();

    public PixelType Element => input.Element;

    public ImageOrigin? Origin => input.Origin;

    public bool IsMultilabel => model.IsMultilabel;

    public int ClassCount => model.ClassNames.Count;

    public void Score(ReadOnlySpan<byte> pixels, int count, Span<float> probabilities)
    {
        using OrtValue images = model.IsNormalized ? Normalized(pixels, count) : Interleaved(pixels, count);
        session.Run(images, output, probabilities[..(count * ClassCount)]);
    }

    // [N,C,H,W] to [N,H,W,3]; the channels of a gray image are equal.
    private OrtValue Interleaved(ReadOnlySpan<byte> pixels, int count)
    {
        (int channels, int height, int width) = Preprocessing.Shape;
        int plane = height * width;
        byte[] interleaved = new byte[checked(count * plane * Rgb)];
        for (int image = 0; image < count; image++)
        {
            PlanarLayout.Join(pixels.Slice(image * channels * plane, channels * plane), channels, interleaved.AsSpan(image * plane * Rgb, plane * Rgb));
        }

        return OrtValue.CreateTensorValueFromMemory(interleaved, [count, height, width, Rgb]);
    }

    private OrtValue Normalized(ReadOnlySpan<byte> pixels, int count)
    {
        (int channels, int height, int width) = Preprocessing.Shape;
        int plane = height * width;
        float[] normalized = new float[checked(count * channels * plane)];
        if (Element == PixelType.Single)
        {
            MemoryMarshal.Cast<byte, float>(pixels)[..normalized.Length].CopyTo(normalized);
        }
        else
        {
            for (int i = 0; i < normalized.Length; i++)
            {
                normalized[i] = pixels[i];
            }
        }

        for (int start = 0; start < normalized.Length; start += plane)
        {
            int channel = start / plane % channels;
            (float mean, float scale) = (input.Mean[channel], _scale[channel]);
            foreach (ref float value in normalized.AsSpan(start, plane))
            {
                value = (value - mean) * scale;
            }
        }

        return OrtValue.CreateTensorValueFromMemory(normalized, [count, channels, height, width]);
    }
}

/// <summary>A loaded model, which scorers share. Thread-safe. Holds native memory until disposed.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly Lifetime _lifetime;

    /// <param name="session">Owned.</param>
    public OnnxSession(InferenceSession session) => (_session, _lifetime) = (session, new Lifetime(nameof(OnnxImageClassifier), Release));

    /// <summary>Runs the model.</summary>
    /// <param name="images">Its input.</param>
    /// <param name="output">The name of an output.</param>
    /// <param name="values">Receives the values of the output, and must have their number.</param>
    /// <exception cref="InvalidDataException">The output has another number of values.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    public void Run(OrtValue images, string output, Span<float> values)
    {
        _lifetime.Enter();
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, [OnnxMetadata.Image], [images], [output]);
            ReadOnlySpan<float> found = outputs[0].GetTensorDataAsSpan<float>();
            if (found.Length != values.Length)
            {
                throw new InvalidDataException($"The model returned {found.Length} scores instead of {values.Length}; it is damaged.");
            }

            found.CopyTo(values);
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    public void Dispose() => _lifetime.Dispose();

    private void Release()
    {
        _session.Dispose();
        _run.Dispose();
    }
}
