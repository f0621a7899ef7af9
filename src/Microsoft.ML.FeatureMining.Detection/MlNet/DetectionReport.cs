using System.Globalization;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Detection.Reports;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The HTML report on scored rows.</summary>
internal sealed class DetectionReport(IDataView scored, DetectionReportOptions options)
{
    // The side of the drawn images.
    private const int Side = 512;

    private static readonly ImagePreprocessing Preprocessing = new() { Shape = new ImageShape(3, Side, Side), Letterbox = true };

    public void Write(Stream stream)
    {
        string[] problems = [.. SettingsValidator.Problems(options)];
        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        }

        ObjectColumns labeled = ObjectColumns.Bind(scored.Schema, options.LabelColumnName, options.BoundingBoxColumnName, options.DifficultColumnName);
        FoundColumns found = FoundColumns.Bind(
            scored.Schema,
            options.PredictedLabelColumnName,
            options.PredictedBoundingBoxColumnName,
            options.ScoreColumnName
        );
        DetectionMetrics metrics = DetectionEvaluation.Of(scored, labeled, found);
        HtmlPage.Write(
            stream,
            options.Title,
            [
                DetectionSections.Summary(metrics),
                DetectionSections.Classes(metrics),
                DetectionSections.Images(Images(labeled, found, metrics.Images).ToArray(), options.MinScore),
            ]
        );
    }

    private IEnumerable<(byte[] Png, string Name, string Caption)> Images(ObjectColumns labeled, FoundColumns found, int rows)
    {
        int count = Math.Min(options.Images, rows);
        HashSet<long> wanted = [.. Enumerable.Range(0, count).Select(i => (long)i * rows / count)];
        ImageColumn image = ImageColumn.BindOrUsual(scored.Schema, options.ImageColumnName, Preprocessing, ImageCodec.DefaultMaxPixels);
        using DataViewRowCursor cursor = InputRows.Open(scored, labeled.All.Concat(found.All).Concat(image.Columns).DistinctBy(column => column.Index));
        (ObjectReader objects, FoundReader detections, Func<ImageSource> readImage) = (new(cursor, labeled), new(cursor, found), image.Reader(cursor));
        while (cursor.MoveNext())
        {
            if (!wanted.Contains(cursor.Position))
            {
                continue;
            }

            ImageSource source = readImage();
            NamedBox[] expected = objects.Read();
            DetectedObject[] shown = [.. detections.Read().Where(one => one.Score >= options.MinScore).Select(one => one.ToObject())];
            string name = source.File is { } file ? Path.GetFileName(file) : string.Create(CultureInfo.InvariantCulture, $"row {cursor.Position}");
            if (Draw(image, source, shown, expected) is { } png)
            {
                yield return (png, name, $"{name}: labeled {Names(expected.Select(one => one.Class))}; found {Names(shown.Select(one => one.Class))}");
            }
        }
    }

    // null if the image cannot be read: its row was scored by the policy for such images.
    private static byte[]? Draw(ImageColumn column, ImageSource source, DetectedObject[] found, NamedBox[] labeled)
    {
        byte[] planar = new byte[column.ImageBytes];
        ImageSize size;
        try
        {
            size = column.Decode(source, planar);
        }
        catch (ImageDecodeException)
        {
            return null;
        }

        ImageSize fitted = Preprocessing.Fitted(size);
        byte[] pixels = new byte[fitted.Width * fitted.Height * 3];
        for (int y = 0; y < fitted.Height; y++)
        {
            for (int x = 0; x < fitted.Width; x++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    pixels[(((y * fitted.Width) + x) * 3) + channel] = planar[(((channel * Side) + y) * Side) + x];
                }
            }
        }

        DecodedImage image = new(fitted.Width, fitted.Height, 3, pixels);
        return ObjectDrawing.ToPng(ObjectDrawing.Draw(image, size, found, labeled.Select(one => one.Box)));
    }

    private static string Names(IEnumerable<string> names)
    {
        string[] counted = [.. names.GroupBy(name => name).Select(group => group.Count() > 1 ? $"{group.Count()} {group.Key}" : group.Key)];
        return counted.Length == 0 ? "nothing" : string.Join(", ", counted);
    }
}
