using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Reads an annotation of Pascal VOC. Names and boxes of an object's parts, and the name of a picture's owner, are not the object's.</summary>
internal static class VocAnnotation
{
    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = 4 << 20,
    };

    /// <param name="path">The annotation.</param>
    /// <param name="picture">The picture that it is about.</param>
    /// <exception cref="FileNotFoundException">There is no such annotation.</exception>
    /// <exception cref="InvalidDataException">It is no annotation; the message names file and line.</exception>
    public static VocImage Read(string path, string picture)
    {
        XElement root = Load(path);
        if (root.Name != "annotation")
            throw Fault(path, root, $"the outermost element is '{root.Name}' where 'annotation' is to be.");
        XElement size = Child(path, root, "size");
        (int width, int height) = (Side(path, size, "width"), Side(path, size, "height"));
        return new VocImage(picture, width, height, [.. root.Elements("object").Select(element => Object(path, element, width, height))]);
    }

    private static XElement Load(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no annotation '{path}'.", path);
        try
        {
            using XmlReader reader = XmlReader.Create(path, Settings);
            return XElement.Load(reader, LoadOptions.SetLineInfo);
        }
        catch (XmlException problem)
        {
            // The refusal of a document type tells no line.
            string line = problem.LineNumber > 0 ? FormattableString.Invariant($", line {problem.LineNumber}") : "";
            throw new InvalidDataException($"'{path}'{line}: {problem.Message}", problem);
        }
    }

    private static VocObject Object(string path, XElement element, int width, int height)
    {
        string name = Child(path, element, "name").Value.Trim();
        if (name.Length == 0)
            throw Fault(path, element, "an object has no name.");
        return new VocObject(name, Box(path, Child(path, element, "bndbox"), width, height), Flag(path, element, "difficult"), Flag(path, element, "truncated"));
    }

    // Corners are pixels inside the box, the first pixel of a row being 1.
    private static ImageBox Box(string path, XElement element, int width, int height)
    {
        (float left, float top) = (Number(path, element, "xmin"), Number(path, element, "ymin"));
        (float right, float bottom) = (Number(path, element, "xmax"), Number(path, element, "ymax"));
        if (left > right || top > bottom)
            throw Fault(path, element, "the box ends before it begins.");
        if (left > width || top > height || right < 1 || bottom < 1)
            throw Fault(path, element, FormattableString.Invariant($"the box lies outside of the picture of {width}x{height}."));
        return new ImageBox(left - 1, top - 1, right - left + 1, bottom - top + 1);
    }

    private static int Side(string path, XElement element, string name)
    {
        float number = Number(path, element, name);
        return number is >= 1 and <= 1 << 20 && number == MathF.Floor(number) ? (int)number : throw Fault(path, element, $"the {name} is {number.ToString(CultureInfo.InvariantCulture)}.");
    }

    private static float Number(string path, XElement element, string name)
    {
        XElement child = Child(path, element, name);
        return float.TryParse(child.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number)
            ? number
            : throw Fault(path, child, $"'{child.Value}' is no number.");
    }

    private static bool Flag(string path, XElement element, string name) => element.Element(name) is { } flag && flag.Value.Trim() switch
    {
        "0" => false,
        "1" => true,
        _ => throw Fault(path, flag, $"'{flag.Value}' is neither 0 nor 1."),
    };

    private static XElement Child(string path, XElement element, string name) =>
        element.Element(name) ?? throw Fault(path, element, $"'{element.Name}' has no '{name}'.");

    private static InvalidDataException Fault(string path, XElement element, string what) => TextFault.At(path, ((IXmlLineInfo)element).LineNumber, what);
}
