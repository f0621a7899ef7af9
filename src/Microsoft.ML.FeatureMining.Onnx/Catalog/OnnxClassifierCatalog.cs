using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Scoring;

namespace Microsoft.ML;

/// <summary>Scores images with exported classifiers.</summary>
public static class OnnxClassifierCatalog
{
    /// <summary>
    /// Loads an image classifier that <c>mlContext.Model.ExportOnnx</c> (or <c>export --onnx</c>) wrote. It runs on ONNX Runtime, without TorchSharp and
    /// libtorch, decodes and resizes images as the original model does, and adds the same columns: PredictedLabel and Score.
    /// </summary>
    /// <remarks>It is both an estimator, for <c>Append</c>, and a transformer, for Transform and prediction engines. If MLContext.GpuDeviceId is set, it runs
    /// on that CUDA device; this needs the package Microsoft.ML.OnnxRuntime.Gpu.</remarks>
    /// <param name="catalog">The catalog.</param>
    /// <param name="modelFile">The ONNX file.</param>
    /// <param name="options">Columns and policies; null for the defaults.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not an ONNX model that ExportOnnx wrote; the message says why.</exception>
    /// <exception cref="DllNotFoundException">ONNX Runtime's native library is missing; the message says which package to add.</exception>
    public static OnnxImageClassifier ApplyImageClassifier(this TransformsCatalog catalog, string modelFile, OnnxClassifierOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(modelFile);
        options ??= new OnnxClassifierOptions();
        options.Check();
        ScoringSettings settings = new()
        {
            ImageColumnName = options.ImageColumnName,
            ScoreColumnName = options.ScoreColumnName,
            PredictedLabelColumnName = options.PredictedLabelColumnName,
            OnUnreadableImage = options.OnUnreadableImage,
            MaxPixels = options.MaxPixels,
            BatchSize = options.BatchSize,
            KeyValues = "",
        };
        return new OnnxImageClassifier(Internals.EnvironmentOf(catalog), OnnxModelFile.Of(modelFile), settings, options.Threads);
    }
}
