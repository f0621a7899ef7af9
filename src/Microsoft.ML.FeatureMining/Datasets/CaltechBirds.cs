using System.Globalization;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>
/// Caltech-UCSD Birds-200-2011 in its published layout: the folder images, and images.txt, classes.txt, image_class_labels.txt, train_test_split.txt and
/// bounding_boxes.txt, joined by image number.
/// </summary>
internal static class CaltechBirds
{
    /// <summary>The images of one part of the split, in the order of images.txt.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is invalid, or two lists do not match; the message names file and line.</exception>
    public static IReadOnlyList<BoxedImageRow> Read(string root, DataPart part)
    {
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException($"The folder '{root}' does not exist.");
        }

        NumberedLines images = Lines("images.txt"),
            labels = Lines("image_class_labels.txt"),
            classes = Lines("classes.txt");
        NumberedLines split = Lines("train_test_split.txt"),
            boxes = Lines("bounding_boxes.txt");
        return
        [
            .. images
                .Numbers.Where(image => PartOf(split[image]) == part)
                .Select(image => new BoxedImageRow
                {
                    ImagePath = ImagePath(root, images[image]),
                    Label = ClassOf(labels[image], classes),
                    Box = BoxOf(boxes[image]).ToArray(),
                }),
        ];

        NumberedLines Lines(string name) => new(Path.Combine(root, name));
    }

    private static DataPart PartOf(TextLine line) =>
        line.Text switch
        {
            "1" => DataPart.Train,
            "0" => DataPart.Test,
            _ => throw line.Fault($"'{line.Text}' is neither 1 (train) nor 0 (test)."),
        };

    private static string ImagePath(string root, TextLine line)
    {
        string[] parts = line.Text.Split('/');
        return parts.Length == 2
            ? Path.GetFullPath(Path.Combine(root, "images", line.FileName(parts[0]), line.FileName(parts[1])))
            : throw line.Fault($"'{line.Text}' is not of the form folder/image.");
    }

    private static string ClassOf(TextLine line, NumberedLines classes)
    {
        if (!int.TryParse(line.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            throw line.Fault($"'{line.Text}' is not a number of a class.");
        }

        return classes[number].Text;
    }

    private static AnnotationBox BoxOf(TextLine line)
    {
        float[] numbers =
        [
            .. line.Words(4)
                .Select(word =>
                    float.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number)
                        ? number
                        : throw line.Fault($"'{word}' is not a number.")
                ),
        ];
        return numbers[2] > 0 && numbers[3] > 0
            ? new AnnotationBox(numbers[0], numbers[1], numbers[2], numbers[3])
            : throw line.Fault("the box has no width or no height; both must be above 0.");
    }
}

/// <summary>An image, its class, and the bounding box of the object. Each property is a column in ML.NET.</summary>
internal sealed record BoxedImageRow
{
    public string ImagePath { get; set; } = "";

    public string Label { get; set; } = "";

    /// <summary>x, y, width and height in pixels; <see cref="AnnotationBox.Length"/> numbers.</summary>
    public float[] Box { get; set; } = [];
}
