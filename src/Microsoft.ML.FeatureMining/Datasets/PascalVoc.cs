using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>One year of Pascal VOC: the folder with ImageSets/Main, Annotations and JPEGImages.</summary>
internal static class PascalVoc
{
    /// <summary>The images of a set, such as trainval, in the order of its list, with all annotated objects.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">The list, or the annotation of an image on it, does not exist.</exception>
    /// <exception cref="InvalidDataException">The list or an annotation is invalid; the message names file and line.</exception>
    public static IReadOnlyList<VocImage> Read(string root, string set)
    {
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException($"The folder '{root}' does not exist.");
        }

        List<VocImage> images = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (TextLine line in TextLine.Read(Path.Combine(root, "ImageSets", "Main", set + ".txt")))
        {
            string id = line.FileName(line.Words(1)[0]);
            if (!ids.Add(id))
            {
                throw line.Fault($"'{id}' is already on an earlier line.");
            }

            string image = Path.GetFullPath(Path.Combine(root, "JPEGImages", id + ".jpg"));
            images.Add(VocAnnotation.Read(Path.Combine(root, "Annotations", id + ".xml"), image));
        }
        return images;
    }
}

/// <summary>Reads an annotation of Pascal VOC. Ignores the names and boxes of an object's parts, and the name of the image's owner.</summary>
internal static class VocAnnotation
{
    private const int LargeFile = 1 << 16;
    private const int MaxDepth = 64;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = 4 << 20,
    };

    /// <param name="path">The annotation.</param>
    /// <param name="image">The annotated image.</param>
    /// <exception cref="FileNotFoundException">The annotation does not exist.</exception>
    /// <exception cref="InvalidDataException">The file is not an annotation; the message names file and line.</exception>
    public static VocImage Read(string path, string image)
    {
        XElement root = Load(path);
        if (root.Name != "annotation")
        {
            throw Fault(path, root, $"the root element is '{root.Name}'; expected 'annotation'.");
        }

        XElement size = Child(path, root, "size");
        (int width, int height) = (Side(path, size, "width"), Side(path, size, "height"));
        return new VocImage(image, width, height, [.. root.Elements("object").Select(element => Object(path, element, width, height))]);
    }

    private static XElement Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"The annotation '{path}' does not exist.", path);
        }

        try
        {
            CheckDepth(path);
            using XmlReader reader = XmlReader.Create(path, Settings);
            return XElement.Load(reader, LoadOptions.SetLineInfo);
        }
        catch (XmlException problem)
        {
            // The error about a forbidden DTD has no line number.
            string line = problem.LineNumber > 0 ? FormattableString.Invariant($", line {problem.LineNumber}") : "";
            throw new InvalidDataException($"'{path}'{line}: {problem.Message}", problem);
        }
    }

    // The time to load an element grows with the number of those that it is in.
    private static void CheckDepth(string path)
    {
        if (new FileInfo(path).Length < LargeFile)
        {
            return;
        }

        using XmlReader reader = XmlReader.Create(path, Settings);
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                throw TextFault.At(
                    path,
                    ((IXmlLineInfo)reader).LineNumber,
                    FormattableString.Invariant($"elements are nested more than {MaxDepth} levels deep.")
                );
            }
        }
    }

    private static VocObject Object(string path, XElement element, int width, int height)
    {
        string name = Child(path, element, "name").Value.Trim();
        if (name.Length == 0)
        {
            throw Fault(path, element, "an object has no name.");
        }

        return new VocObject(
            name,
            Box(path, Child(path, element, "bndbox"), width, height),
            Flag(path, element, "difficult"),
            Flag(path, element, "truncated")
        );
    }

    // Corners are pixels inside the box, counted from 1.
    private static AnnotationBox Box(string path, XElement element, int width, int height)
    {
        (float left, float top) = (Number(path, element, "xmin"), Number(path, element, "ymin"));
        (float right, float bottom) = (Number(path, element, "xmax"), Number(path, element, "ymax"));
        if (left > right || top > bottom)
        {
            throw Fault(path, element, "xmin must be at most xmax, and ymin at most ymax.");
        }

        if (left > width || top > height || right < 1 || bottom < 1)
        {
            throw Fault(path, element, FormattableString.Invariant($"the box is outside the image of {width}x{height}."));
        }

        return new AnnotationBox(left - 1, top - 1, right - left + 1, bottom - top + 1);
    }

    private static int Side(string path, XElement element, string name)
    {
        float number = Number(path, element, name);
        return number is >= 1 and <= 1 << 20 && number == MathF.Floor(number)
            ? (int)number
            : throw Fault(path, element, $"the {name} is {number.ToString(CultureInfo.InvariantCulture)}; it must be a positive integer.");
    }

    private static float Number(string path, XElement element, string name)
    {
        XElement child = Child(path, element, name);
        return float.TryParse(child.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number)
            ? number
            : throw Fault(path, child, $"'{child.Value}' is not a number.");
    }

    private static bool Flag(string path, XElement element, string name) =>
        element.Element(name) is { } flag
        && flag.Value.Trim() switch
        {
            "0" => false,
            "1" => true,
            _ => throw Fault(path, flag, $"'{flag.Value}' is neither 0 nor 1."),
        };

    private static XElement Child(string path, XElement element, string name) =>
        element.Element(name) ?? throw Fault(path, element, $"'{element.Name}' has no '{name}'.");

    private static InvalidDataException Fault(string path, XElement element, string what) => TextFault.At(path, ((IXmlLineInfo)element).LineNumber, what);
}

/// <summary>An image of Pascal VOC and its annotated objects.</summary>
internal sealed record VocImage(string Path, int Width, int Height, IReadOnlyList<VocObject> Objects)
{
    /// <summary>The distinct classes with at least one object that is not difficult. VOC's own lists mark them 1.</summary>
    public IEnumerable<string> ClassNames => Objects.Where(thing => !thing.Difficult).Select(thing => thing.ClassName).Distinct(StringComparer.Ordinal);

    /// <summary>The distinct classes with difficult objects only. VOC's own lists mark them 0.</summary>
    public IEnumerable<string> DifficultClassNames =>
        Objects.Select(thing => thing.ClassName).Distinct(StringComparer.Ordinal).Except(ClassNames, StringComparer.Ordinal);
}

/// <summary>An object on an image of Pascal VOC.</summary>
/// <param name="ClassName">One of the classes.</param>
/// <param name="Box">The bounding box. VOC counts pixels from 1, this type from 0.</param>
/// <param name="Difficult">Whether VOC marks the object as difficult, so that a miss does not count.</param>
/// <param name="Truncated">Whether the object extends beyond the box.</param>
internal readonly record struct VocObject(string ClassName, AnnotationBox Box, bool Difficult, bool Truncated);

/// <summary>Crops objects from the images of Pascal VOC: the single-label set of the patch-training paper.</summary>
internal static class VocPatches
{
    /// <summary>The selected objects, image by image. Each image is decoded once.</summary>
    /// <param name="images">The images.</param>
    /// <param name="minSide">The minimum width and height of a box, in pixels.</param>
    /// <param name="withDifficult">Whether to include difficult objects.</param>
    public static IEnumerable<PatchRow> Cut(IEnumerable<VocImage> images, int minSide, bool withDifficult)
    {
        foreach (VocImage image in images)
        {
            VocObject[] wanted = [.. image.Objects.Where(thing => (withDifficult || !thing.Difficult) && IsLarge(thing.Box, image, minSide))];
            if (wanted.Length == 0)
            {
                continue;
            }

            (DecodedImage? decoded, byte[] encoded) = Decode(image);
            foreach (VocObject thing in wanted)
            {
                yield return new PatchRow
                {
                    ImagePath = image.Path,
                    Image = decoded is null ? encoded : Encode(decoded, thing.Box),
                    Label = thing.ClassName,
                };
            }
        }
    }

    // An unreadable image is returned as it is. The decoder of the patch gets the same error and has a policy for it.
    private static (DecodedImage? Decoded, byte[] Encoded) Decode(VocImage image)
    {
        byte[] encoded = File.Exists(image.Path) ? File.ReadAllBytes(image.Path) : [];
        DecodedImage decoded;
        try
        {
            decoded = ImageCodec.Decode(encoded);
        }
        catch (ImageDecodeException)
        {
            return (null, encoded);
        }
        return (decoded.Width, decoded.Height) == (image.Width, image.Height)
            ? (decoded, encoded)
            : throw new InvalidDataException(
                FormattableString.Invariant($"'{image.Path}' is {decoded.Width}x{decoded.Height}; its annotation says {image.Width}x{image.Height}.")
            );
    }

    private static bool IsLarge(AnnotationBox box, VocImage image, int minSide)
    {
        PixelBox pixels = box.ToPixels(image.Width, image.Height);
        return Math.Min(pixels.Width, pixels.Height) >= Math.Max(1, minSide);
    }

    private static byte[] Encode(DecodedImage image, AnnotationBox box)
    {
        DecodedImage cut = ((PixelView)image).Part(box.ToPixels(image.Width, image.Height)).ToImage();
        return ImageCodec.EncodePng(cut.Pixels, cut.Width, cut.Height, level: 0);
    }
}

/// <summary>An image of Pascal VOC and its classes. Each property is a column in ML.NET.</summary>
internal sealed record VocImageRow
{
    public string ImagePath { get; set; } = "";

    public string[] Labels { get; set; } = [];

    public string[] DifficultLabels { get; set; } = [];

    public static VocImageRow Of(VocImage image) =>
        new()
        {
            ImagePath = image.Path,
            Labels = [.. image.ClassNames],
            DifficultLabels = [.. image.DifficultClassNames],
        };
}

/// <summary>An object of Pascal VOC. Each property is a column in ML.NET.</summary>
internal sealed record VocObjectRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    /// <summary>x, y, width and height in pixels; <see cref="AnnotationBox.Length"/> numbers.</summary>
    public float[] Box { get; set; } = [];

    public bool Difficult { get; set; }

    public bool Truncated { get; set; }

    public static IEnumerable<VocObjectRow> Of(VocImage image) =>
        image.Objects.Select(thing => new VocObjectRow
        {
            ImagePath = image.Path,
            Label = thing.ClassName,
            Box = thing.Box.ToArray(),
            Difficult = thing.Difficult,
            Truncated = thing.Truncated,
        });
}

/// <summary>An object cropped from an image of Pascal VOC. Each property is a column in ML.NET.</summary>
internal sealed record PatchRow
{
    /// <summary>The file of the whole image.</summary>
    public string ImagePath { get; set; } = "";

    /// <summary>The object as an encoded image; the whole file if it cannot be read.</summary>
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}
