using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>
/// Tiny ImageNet in its published layout: wnids.txt, words.txt, train/ID/images, and one folder val/images with the classes in val_annotations.txt. Its test
/// images have no labels.
/// </summary>
internal static class TinyImageNet
{
    /// <summary>Training images in the order of wnids.txt and then of their paths; validation images in the order of their list.</summary>
    /// <exception cref="DirectoryNotFoundException">A folder is missing.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is invalid; the message names file and line. Or a class has no image.</exception>
    public static IReadOnlyList<SynsetImageRow> Read(string root, DataPart part)
    {
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException($"The folder '{root}' does not exist.");
        }

        IReadOnlyList<Synset> classes = Classes(root);
        return part == DataPart.Train
            ? [.. classes.SelectMany(synset => SynsetImageRow.OfFolder(Path.Combine(root, "train", synset.Id, "images"), synset))]
            : [.. Validation(Path.Combine(root, "val"), classes)];
    }

    private static IReadOnlyList<Synset> Classes(string root)
    {
        IReadOnlyList<Synset> classes = Synset.ReadList(Path.Combine(root, "wnids.txt"));
        // The published words.txt describes all of WordNet.
        Dictionary<string, Synset> words = Synset.ReadList(Path.Combine(root, "words.txt")).ToDictionary(synset => synset.Id, StringComparer.Ordinal);
        return [.. classes.Select(synset => words.GetValueOrDefault(synset.Id, synset))];
    }

    private static IEnumerable<SynsetImageRow> Validation(string folder, IReadOnlyList<Synset> classes)
    {
        Dictionary<string, Synset> byId = classes.ToDictionary(synset => synset.Id, StringComparer.Ordinal);
        foreach (TextLine line in TextLine.Read(Path.Combine(folder, "val_annotations.txt")))
        {
            string[] words = line.Words(6); // image, class, box
            if (!byId.TryGetValue(words[1], out Synset synset))
            {
                throw line.Fault($"'{words[1]}' is not a class of wnids.txt.");
            }

            yield return SynsetImageRow.Of(Path.Combine(folder, "images", line.FileName(words[0])), synset);
        }
    }
}
