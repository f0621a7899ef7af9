namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>Opens files of tensors.</summary>
internal static class WeightFiles
{
    /// <exception cref="InvalidDataException">The file is damaged; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static WeightFile Open(string path, WeightFormat format) =>
        format switch
        {
            WeightFormat.Safetensors => SafetensorsFile.Open(path),
            WeightFormat.PyTorchZip or WeightFormat.PyTorchPickle => PyTorchFile.Open(path, format),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "The format is not one of tensors alone."),
        };
}
