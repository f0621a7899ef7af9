namespace Microsoft.ML.FeatureMining.Tests.Data;

/// <summary>How far the codec may be from Pillow, in levels of 255; null where it reads another picture altogether.</summary>
internal static class CodecTolerance
{
#if IMAGESHARP
    private static readonly HashSet<string> OtherPictures =
    [
        "transparent.gif", "frame-inside-transparent.gif", // transparent pixels lose their color
        "frame-over-screen.gif", // the frame is cut to the screen
        "no-palette.gif", "palette-out-of-range.png", // other colors for what the file leaves undefined
        "orientation-long.jpg", // only 16-bit orientations count
    ];

    private static readonly HashSet<string> FullChroma = ["adobe-rgb.jpg", "one-pixel.jpg", "cmyk.jpg", "cmyk-no-adobe.jpg", "ycck.jpg"];

    /// <summary>Whether a JPEG comes smaller where less is enough: not one that is to be turned.</summary>
    public static bool Scales(string name) => name != "turned.jpg";

    /// <summary>The same as <see cref="Of"/> of JPEGs that come smaller.</summary>
    public static int OfScaled(string name) => name is "gray.jpg" or "cmyk.jpg" ? 1 : 100; // chroma is repeated

    /// <summary>Whether this decoder would read the picture wrongly, and refuses it.</summary>
    public static bool Refuses(string name) => name == "arithmetic-progressive-full-chroma.jpg";

    public static int? Of(string name) => Path.GetExtension(name) switch
    {
        _ when OtherPictures.Contains(name) => null,
        ".jpg" when FullChroma.Contains(name) || name.Contains("gray") || name.Contains("full-chroma") => 2, // another inverse transform
        ".jpg" => 64, // chroma is repeated where Pillow interpolates it: far off beside a hard edge
        _ when name == "wrong-extension.png" => 64,
        ".bmp" => 1, // 5 bits to 8 by another rounding
        _ => 0,
    };
#else
    /// <summary>Whether a JPEG comes smaller where less is enough.</summary>
    public static bool Scales(string name) => name.EndsWith(".jpg");

    /// <summary>The same as <see cref="Of"/> of JPEGs that come smaller.</summary>
    public static int OfScaled(string name) => 0;

    /// <summary>Whether this decoder would read the picture wrongly, and refuses it.</summary>
    public static bool Refuses(string name) => false;

    /// <summary>The native codec is over Pillow's own libraries: not at all.</summary>
    public static int? Of(string name) => 0;
#endif
}
