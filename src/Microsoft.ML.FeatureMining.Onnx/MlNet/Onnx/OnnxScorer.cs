using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Scores images with ONNX Runtime. Images are resized by this library, so that their pixels are the same as in training. A model for raw images gets them at
/// the size before its center crop: its own resizing changes nothing, and it crops them. Thread-safe. Holds native memory until disposed.
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
    /// <param name="model">Its metadata.</param>
    public OnnxScorer(InferenceSession session, OnnxModelDescription model)
    {
        (_session, _model) = (session, model);
        _scale = ChannelScale.Of(model.Input.Std);
        ImagePreprocessing whole = model.Input.ToPreprocessing();
        _lifetime = new Lifetime(nameof(OnnxScorer), Release);
        Preprocessing = model.IsNormalized ? whole : whole.Uncropped();
    }

    public ImagePreprocessing Preprocessing { get; }

    public PixelType Element => _model.Input.Element;

    public ImageOrigin? Origin => _model.Input.Origin;

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
                throw new InvalidDataException($"The model returned {scores.Length} scores for {count} images and {ClassCount} classes; it is damaged.");
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
            (float mean, float scale) = (_model.Input.Mean[channel], _scale[channel]);
            foreach (ref float value in normalized.AsSpan(start, plane))
            {
                value = (value - mean) * scale;
            }
        }

        return OrtValue.CreateTensorValueFromMemory(normalized, [count, channels, height, width]);
    }
}
