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
            _ => throw new InvalidDataException($"'{path}' has no tensors."),
        };
}
