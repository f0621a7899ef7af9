namespace Microsoft.ML.FeatureMining.Data;

/// <summary>ImageNet's layout: a folder of pictures for each class, called by its WordNet id, and a list that says which classes count and what they are.</summary>
internal static class ImageNetFolder
{
    /// <summary>The pictures of the classes of the list, in its order; folders that are not on it are passed over.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none of a class on the list.</exception>
    /// <exception cref="InvalidDataException">The list is wrong, or a class has no picture.</exception>
    public static IReadOnlyList<SynsetImageFile> Read(string folder, string synsetListPath)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        return [.. Synset.ReadList(synsetListPath).SelectMany(synset => Pictures(Path.Combine(folder, synset.Id)).Select(path => new SynsetImageFile(path, synset)))];
    }

    private static IReadOnlyList<string> Pictures(string folder)
    {
        IReadOnlyList<string> paths = ImageFolder.Find(folder);
        return paths.Count > 0 ? paths : throw new InvalidDataException($"The class folder '{folder}' holds no picture.");
    }
}
