namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A year of Pascal VOC: the folder that holds ImageSets/Main, Annotations and JPEGImages.</summary>
internal static class PascalVoc
{
    /// <summary>The pictures of a set, such as trainval, in the order of its list, with all that is annotated on them.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">There is no such list, or no annotation of a picture on it.</exception>
    /// <exception cref="InvalidDataException">The list or an annotation is wrong; the message names file and line.</exception>
    public static IReadOnlyList<VocImage> Read(string root, string set)
    {
        if (!Directory.Exists(root))
            throw new DirectoryNotFoundException($"There is no folder '{root}'.");
        List<VocImage> images = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (TextLine line in TextLine.Read(Path.Combine(root, "ImageSets", "Main", set + ".txt")))
        {
            string id = line.FileName(line.Words(1)[0]);
            if (!ids.Add(id))
                throw line.Fault($"'{id}' stands in the list before.");
            string picture = Path.GetFullPath(Path.Combine(root, "JPEGImages", id + ".jpg"));
            images.Add(VocAnnotation.Read(Path.Combine(root, "Annotations", id + ".xml"), picture));
        }
        return images;
    }
}
