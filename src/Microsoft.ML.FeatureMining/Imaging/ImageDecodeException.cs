namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>The bytes of an image could not be turned into pixels; the message says why.</summary>
public sealed class ImageDecodeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The cause, as a sentence.</param>
    public ImageDecodeException(string message)
        : base(message) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">The cause, as a sentence.</param>
    /// <param name="innerException">What the decoder threw.</param>
    public ImageDecodeException(string message, Exception innerException)
        : base(message, innerException) { }
}
