using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Scores images with ONNX Runtime. Images are resized here, so that their pixels are those of training: a model for raw images gets them at the size to which
/// it would resize them, which it leaves as they are, and crops them itself. Thread-safe. Holds native memory until disposed.
/// </summary>
internal sealed class OnnxScorer : IImageScorer, IDisposable
{
    private const int Rgb = 3;

    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OnnxModelDescription _model;
    private readonly float[] _scale;
    private readonly Lifetime _lifetime;

    /// <param name="session">Owned by the scorer.</param>
    /// <param name="model">What its metadata say.</param>
    public OnnxScorer(InferenceSession session, OnnxModelDescription model)
    {
        (_session, _model) = (session, model);
        _scale = [.. model.Input.Std.Select(value => value > 0 ? 1 / value : 1)];
        ImagePreprocessing whole = model.Input.ToPreprocessing();
        _lifetime = new Lifetime(nameof(OnnxScorer), Release);
        Preprocessing = model.IsNormalized ? whole : whole.Uncropped();
    }

    public ImagePreprocessing Preprocessing { get; }

    public PixelType Element => _model.Element;

    public ImageOrigin? Origin => _model.Origin;

    public bool IsMultilabel => _model.IsMultilabel;

    public int ClassCount => _model.ClassNames.Count;

    public void Score(ReadOnlySpan<byte> pixels, int count, Span<float> probabilities)
    {
        _lifetime.Enter();
        try
        {
            using OrtValue input = _model.IsNormalized ? Normalized(pixels, count) : Interleaved(pixels, count);
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, [OnnxMetadata.Image], [input], [OnnxMetadata.Score]);
            ReadOnlySpan<float> scores = outputs[0].GetTensorDataAsSpan<float>();
            if (scores.Length != count * ClassCount)
            {
                throw new InvalidDataException($"The model gave {scores.Length} scores for {count} images of {ClassCount} classes; it is damaged.");
            }

            scores.CopyTo(probabilities);
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

    // [N,C,H,W] to [N,H,W,3]; the channels of a gray image are equal.
    private OrtValue Interleaved(ReadOnlySpan<byte> pixels, int count)
    {
        (int channels, int height, int width) = Preprocessing.Shape;
        int plane = height * width;
        byte[] interleaved = new byte[checked(count * plane * Rgb)];
        for (int image = 0; image < count; image++)
        {
            for (int channel = 0; channel < Rgb; channel++)
            {
                ReadOnlySpan<byte> from = pixels.Slice(((image * channels) + (channel % channels)) * plane, plane);
                Span<byte> to = interleaved.AsSpan(image * plane * Rgb);
                for (int i = 0; i < from.Length; i++)
                {
                    to[(i * Rgb) + channel] = from[i];
                }
            }
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
            (float mean, float scale) = (_model.Input.Mean[channel], _scale[channel]);
            foreach (ref float value in normalized.AsSpan(start, plane))
            {
                value = (value - mean) * scale;
            }
        }

        return OrtValue.CreateTensorValueFromMemory(normalized, [count, channels, height, width]);
    }
}
