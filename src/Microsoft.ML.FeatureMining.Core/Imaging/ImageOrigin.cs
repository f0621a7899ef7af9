namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>Who decodes images. ML.NET's MLImage ignores the EXIF orientation and premultiplies transparent pixels, so its pixels may differ.</summary>
internal enum ImageOrigin
{
    /// <summary>This library, from bytes or files.</summary>
    Files,

    /// <summary>ML.NET or the user, to an MLImage.</summary>
    MLImage,
}
