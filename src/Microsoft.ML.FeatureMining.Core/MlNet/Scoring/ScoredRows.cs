using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The probabilities of a batch of rows. An unreadable image affects only its own row, when the score of that row is read.</summary>
internal sealed class ScoredRows(float[] probabilities, int classCount, ImageDecodeException?[] errors, UnreadableImageBehavior policy) : ScoredBatch
{
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public void GetScore(int row, ref VBuffer<float> score)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref score, classCount);
        if (IsUnreadable(row))
        {
            editor.Values.Fill(float.NaN);
        }
        else
        {
            Probabilities(row).CopyTo(editor.Values);
        }

        score = editor.Commit();
    }

    /// <summary>
    /// The key of the most probable class (the first one if several are equal); 0, the missing key, for an unreadable image if the policy is Skip.
    /// </summary>
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public uint GetPredictedLabel(int row)
    {
        if (IsUnreadable(row))
        {
            return 0;
        }

        ReadOnlySpan<float> values = Probabilities(row);
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
            {
                best = i;
            }
        }
        return (uint)best + 1;
    }

    /// <summary>1 for each class whose probability is at least 0.5, else 0; NaN for an unreadable image if the policy is Skip.</summary>
    /// <exception cref="ImageDecodeException">The image of the row is unreadable, and the policy is Throw.</exception>
    public void GetPredictedSet(int row, ref VBuffer<float> set)
    {
        GetScore(row, ref set);
        VBufferEditor<float> editor = VBufferEditor.CreateFromBuffer(ref set);
        foreach (ref float value in editor.Values)
        {
            value =
                float.IsNaN(value) ? value
                : value >= 0.5f ? 1
                : 0;
        }
    }

    private ReadOnlySpan<float> Probabilities(int row) => probabilities.AsSpan(row * classCount, classCount);

    private bool IsUnreadable(int row) =>
        errors[row] switch
        {
            null => false,
            _ when policy == UnreadableImageBehavior.Skip => true,
            ImageDecodeException error => throw new ImageDecodeException(error.Message, error.InnerException!),
        };
}
