namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>An image could not be decoded. The message gives the cause.</summary>
public sealed class ImageDecodeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The cause, as a sentence.</param>
    public ImageDecodeException(string message)
        : base(message) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">The cause, as a sentence.</param>
    /// <param name="innerException">The exception from the decoder.</param>
    public ImageDecodeException(string message, Exception innerException)
        : base(message, innerException) { }
}
