using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>
/// Scores rows together: pictures are decoded on all cores, once for all networks that take them alike, and go through each network as one batch.
/// </summary>
internal sealed class RowScorer(IReadOnlyList<WeightedScorer> scorers, ImageColumn image, UnreadableImages policy)
{
    private readonly int _classCount = scorers[0].Scorer.ClassCount;

    public ScoredRows Score(IReadOnlyList<PendingRow> rows)
    {
        var errors = new ImageDecodeException?[rows.Count];
        var sum = new float[rows.Count * _classCount];
        var probabilities = new float[sum.Length];
        foreach (IGrouping<ImagePreprocessing, WeightedScorer> alike in scorers.GroupBy(weighted => weighted.Scorer.Preprocessing))
        {
            byte[] pixels = Pixels(rows, alike.Key, alike.First().Scorer.Element, errors);
            foreach (WeightedScorer weighted in alike)
            {
                weighted.Scorer.Score(pixels, rows.Count, probabilities);
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += weighted.Share * probabilities[i];
            }
        }
        return new ScoredRows(sum, _classCount, errors, policy);
    }

    private byte[] Pixels(IReadOnlyList<PendingRow> rows, ImagePreprocessing preprocessing, PixelType element, ImageDecodeException?[] errors)
    {
        int imageBytes = ImageSet.ImageBytes(preprocessing.Shape, element);
        var pixels = new byte[checked(rows.Count * imageBytes)];
        Parallel.For(0, rows.Count, i =>
        {
            try
            {
                rows[i].Image.For(preprocessing).Read(pixels.AsMemory(i * imageBytes, imageBytes));
            }
            catch (ImageDecodeException e)
            {
                errors[i] = image.Unreadable(rows[i].Position, rows[i].File, e);
            }
        });
        return pixels;
    }
}
