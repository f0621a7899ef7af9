using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>Scores rows together: pictures are decoded on all cores and go through the network as one batch.</summary>
internal sealed class RowScorer(ImageScorer scorer, ImageColumn image, UnreadableImages policy)
{
    public ScoredRows Score(IReadOnlyList<PendingRow> rows)
    {
        int imageBytes = ImageSet.ImageBytes(scorer.Input, scorer.Element);
        var pixels = new byte[checked(rows.Count * imageBytes)];
        var errors = new ImageDecodeException?[rows.Count];
        Parallel.For(0, rows.Count, i =>
        {
            try
            {
                rows[i].Image.ToPixels().CopyTo(pixels, i * imageBytes);
            }
            catch (ImageDecodeException e)
            {
                errors[i] = image.Unreadable(rows[i].Position, rows[i].File, e);
            }
        });
        var probabilities = new float[rows.Count * scorer.ClassCount];
        scorer.Score(pixels, rows.Count, probabilities);
        return new ScoredRows(probabilities, scorer.ClassCount, errors, policy);
    }
}
