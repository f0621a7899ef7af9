using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>
/// ImageNet's layout: a folder of images for each class, called by its WordNet id, and a list that says which classes count and what they are.
/// </summary>
internal static class ImageNetFolder
{
    /// <summary>The images of the classes of the list, in its order; folders that are not on it are passed over.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none of a class on the list.</exception>
    /// <exception cref="InvalidDataException">The list is wrong, or a class has no image.</exception>
    public static IReadOnlyList<SynsetImageRow> Read(string folder, string synsetListPath)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        }

        return [.. Synset.ReadList(synsetListPath).SelectMany(synset => SynsetImageRow.OfFolder(Path.Combine(folder, synset.Id), synset))];
    }
}

/// <summary>A class of ImageNet.</summary>
/// <param name="Id">Its WordNet id, such as <c>n01440764</c>: names are not unique, "crane" is a bird and a machine.</param>
/// <param name="Description">Its names, where the list has them.</param>
internal readonly record struct Synset(string Id, string Description)
{
    /// <summary>
    /// Reads a list of ids, one a line, each with its names behind it or without: wnids.txt, words.txt, synset_words.txt, LOC_synset_mapping.txt.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line begins with no id, or with one that stood before; the message names file and line. Or there is
    /// none.</exception>
    public static IReadOnlyList<Synset> ReadList(string path)
    {
        List<Synset> synsets = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (TextLine line in TextLine.Read(path))
        {
            (string id, string names) = line.Split();
            if (!IsId(id))
            {
                throw line.Fault($"'{id}' is no WordNet id, an n and eight digits.");
            }

            if (!ids.Add(id))
            {
                throw line.Fault($"'{id}' stands in the list before.");
            }

            synsets.Add(new Synset(id, names));
        }
        return synsets.Count > 0 ? synsets : throw new InvalidDataException($"'{path}' is empty.");
    }

    private static bool IsId(string word) => word.Length == 9 && word[0] == 'n' && word.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;
}

/// <summary>An image of an ImageNet class. ML.NET makes a column of each property.</summary>
internal sealed record SynsetImageRow
{
    public string ImagePath { get; set; } = "";

    /// <summary>The WordNet id.</summary>
    public string Label { get; set; } = "";

    public string Description { get; set; } = "";

    /// <summary>A row for each image of a class folder.</summary>
    public static IEnumerable<SynsetImageRow> OfFolder(string folder, Synset synset) => ImageFolder.FindOfClass(folder).Select(path => Of(path, synset));

    public static SynsetImageRow Of(string path, Synset synset) =>
        new()
        {
            ImagePath = path,
            Label = synset.Id,
            Description = synset.Description,
        };
}
