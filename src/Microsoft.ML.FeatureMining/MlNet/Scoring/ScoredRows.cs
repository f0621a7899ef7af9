using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The probabilities of a few rows. An image that could not be read fails its own row, when that is asked for, and no other.</summary>
internal sealed class ScoredRows(float[] probabilities, int classCount, ImageDecodeException?[] errors, UnreadableImages policy)
{
    /// <exception cref="ImageDecodeException">The row's image could not be read, and the policy is to throw.</exception>
    public void GetScore(int row, ref VBuffer<float> score)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref score, classCount);
        if (IsUnreadable(row))
            editor.Values.Fill(float.NaN);
        else
            Probabilities(row).CopyTo(editor.Values);
        score = editor.Commit();
    }

    /// <summary>The key of the most probable class, the first of equals; 0, a missing key, for an unreadable image that is to be skipped.</summary>
    /// <exception cref="ImageDecodeException">The row's image could not be read, and the policy is to throw.</exception>
    public uint GetPredictedLabel(int row)
    {
        if (IsUnreadable(row))
            return 0;
        ReadOnlySpan<float> values = Probabilities(row);
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }
        return (uint)best + 1;
    }

    /// <summary>1 for each class of a probability of at least one half, else 0; NaN for an unreadable image that is to be skipped.</summary>
    /// <exception cref="ImageDecodeException">The row's image could not be read, and the policy is to throw.</exception>
    public void GetPredictedSet(int row, ref VBuffer<float> set)
    {
        GetScore(row, ref set);
        VBufferEditor<float> editor = VBufferEditor.CreateFromBuffer(ref set);
        foreach (ref float value in editor.Values)
            value = float.IsNaN(value) ? value : value >= 0.5f ? 1 : 0;
    }

    private ReadOnlySpan<float> Probabilities(int row) => probabilities.AsSpan(row * classCount, classCount);

    private bool IsUnreadable(int row) => errors[row] switch
    {
        null => false,
        _ when policy == UnreadableImages.Skip => true,
        ImageDecodeException error => throw new ImageDecodeException(error.Message, error.InnerException!),
    };
}
