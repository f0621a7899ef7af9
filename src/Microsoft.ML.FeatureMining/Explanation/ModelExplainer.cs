namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>One network, or several that score as one, explained. Owns the networks.</summary>
/// <param name="networks">At least one.</param>
/// <param name="shares">Of each in the score; they sum to 1.</param>
internal sealed class ModelExplainer(IReadOnlyList<NetworkExplainer> networks, IReadOnlyList<double> shares) : IDisposable
{
    public IReadOnlyList<NetworkExplainer> Networks => networks;

    public IReadOnlyList<double> Shares => shares;

    /// <param name="pixels">The image as each network takes it.</param>
    /// <param name="target">The class, from 0; null for the most probable of all networks together.</param>
    public ImageExplanation Explain(IReadOnlyList<byte[]> pixels, int? target)
    {
        ImageExplanation[] alone = [.. networks.Zip(pixels, (network, image) => network.Explain(image, target))];
        if (alone.Length == 1)
        {
            return alone[0];
        }

        float[] probabilities = [.. Enumerable.Range(0, alone[0].Probabilities.Count).Select(k => (float)alone.Zip(shares, (member, share) => share * member.Probabilities[k]).Sum())];
        int index = target ?? probabilities.AsSpan().IndexOf(probabilities.Max());
        return new ImageExplanation(probabilities, index, [.. alone.Select((member, i) => member.Class == index ? member : networks[i].Explain(pixels[i], index))], shares);
    }

    public void Dispose()
    {
        foreach (NetworkExplainer network in networks)
        {
            network.Dispose();
        }
    }
}
