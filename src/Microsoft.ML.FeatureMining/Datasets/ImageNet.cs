using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>ImageNet's layout: one folder of images per class, named by its WordNet id, and a list of the classes to use and their names.</summary>
internal static class ImageNetFolder
{
    /// <summary>The images of the classes on the list, in its order. Other folders are skipped.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder, or the folder of a class on the list, does not exist.</exception>
    /// <exception cref="InvalidDataException">The list is invalid, or a class has no image.</exception>
    public static IReadOnlyList<SynsetImageRow> Read(string folder, string synsetListPath)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        }

        return [.. Synset.ReadList(synsetListPath).SelectMany(synset => SynsetImageRow.OfFolder(Path.Combine(folder, synset.Id), synset))];
    }
}

/// <summary>A class of ImageNet.</summary>
/// <param name="Id">Its WordNet id, such as <c>n01440764</c>: names are not unique; "crane" is a bird and a machine.</param>
/// <param name="Description">Its names, if the list has them.</param>
internal readonly record struct Synset(string Id, string Description)
{
    /// <summary>
    /// Reads a list of ids, one per line, with or without names after the id: wnids.txt, words.txt, synset_words.txt, LOC_synset_mapping.txt.
    /// </summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// A line does not start with an id, or repeats one; the message names file and line. Or the list is empty.
    /// </exception>
    public static IReadOnlyList<Synset> ReadList(string path)
    {
        List<Synset> synsets = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (TextLine line in TextLine.Read(path))
        {
            (string id, string names) = line.Split();
            if (!IsId(id))
            {
                throw line.Fault($"'{id}' is not a WordNet id: an n and eight digits, such as n01440764.");
            }

            if (!ids.Add(id))
            {
                throw line.Fault($"'{id}' is already on an earlier line.");
            }

            synsets.Add(new Synset(id, names));
        }
        return synsets.Count > 0 ? synsets : throw new InvalidDataException($"'{path}' is empty.");
    }

    private static bool IsId(string word) => word.Length == 9 && word[0] == 'n' && word.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;
}

/// <summary>An image of an ImageNet class. Each property is a column in ML.NET.</summary>
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
