namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A file of pixels cannot be written: the disk is full, or the folder refuses it.</summary>
internal sealed class PixelFileException(string message, Exception innerException) : IOException(message, innerException);
