using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The columns of a detector: PredictedLabel, PredictedBoundingBoxes and Score.</summary>
internal sealed record DetectionColumns(
    DataViewSchema Input,
    DataViewSchema Output,
    ImageColumn Image,
    DetectionScorer Scorer,
    UnreadableImageBehavior OnUnreadableImage
) : ScoringColumns(Input, Output, Image)
{
    public override Func<ScoredBatch> Decode(IReadOnlyList<ImageSource> rows)
    {
        var errors = new ImageDecodeException?[rows.Count];
        PixelBatch images = PixelBatch.Decode(rows, Image.ImageBytes, (row, pixels) => Image.Decode(row, pixels), errors);
        return () =>
        {
            DetectedRows found = new(Scorer.Detect(images.Pixels, images.Sizes), errors, OnUnreadableImage);
            images.Dispose();
            return found;
        };
    }

    public override Delegate Getter(int column, Func<ScoredBatch> scored, Func<int> row)
    {
        return (column - Input.Count) switch
        {
            0 => (ValueGetter<VBuffer<uint>>)(
                (ref VBuffer<uint> labels) => Fill(ref labels, Row(), 1, (in Detection found, Span<uint> values) => values[0] = (uint)found.Class + 1)
            ),
            1 => (ValueGetter<VBuffer<float>>)(
                (ref VBuffer<float> boxes) =>
                    Fill(
                        ref boxes,
                        Row(),
                        4,
                        (in Detection found, Span<float> values) =>
                            (values[0], values[1], values[2], values[3]) = (found.Box.Left, found.Box.Top, found.Box.Right, found.Box.Bottom)
                    )
            ),
            _ => (ValueGetter<VBuffer<float>>)(
                (ref VBuffer<float> scores) => Fill(ref scores, Row(), 1, (in Detection found, Span<float> values) => values[0] = found.Score)
            ),
        };

        IReadOnlyList<Detection> Row() => ((DetectedRows)scored()).Of(row());
    }

    private delegate void Write<T>(in Detection found, Span<T> values);

    private static void Fill<T>(ref VBuffer<T> buffer, IReadOnlyList<Detection> objects, int values, Write<T> write)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref buffer, values * objects.Count);
        for (int i = 0; i < objects.Count; i++)
        {
            write(objects[i], editor.Values.Slice(values * i, values));
        }

        buffer = editor.Commit();
    }
}

/// <summary>The objects of a batch of rows. An unreadable image affects only its own row, when that row is read.</summary>
internal sealed class DetectedRows(IReadOnlyList<Detection>[] objects, ImageDecodeException?[] errors, UnreadableImageBehavior policy) : ScoredBatch
{
    /// <summary>The objects of a row, the best first; none for an unreadable image if the policy is Skip.</summary>
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public IReadOnlyList<Detection> Of(int row) =>
        errors[row] switch
        {
            null => objects[row],
            _ when policy == UnreadableImageBehavior.Skip => [],
            ImageDecodeException error => throw new ImageDecodeException(error.Message, error.InnerException!),
        };
}
