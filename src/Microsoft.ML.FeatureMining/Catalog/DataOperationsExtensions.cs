using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML;

/// <summary>Image data sets as data views.</summary>
public static class DataOperationsExtensions
{
    /// <summary>
    /// A folder with one folder of images for each class. Columns: ImagePath, text; Label, text, the folder's name. Ordered by class and path. The files are
    /// not opened: LoadRawImageBytes or LoadImages does that.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two classes, or one without images.</exception>
    public static IDataView LoadImageFolder(this DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return catalog.LoadFromEnumerable(ImageFolder.Read(path));
    }

    /// <summary>
    /// CIFAR's binary files, CIFAR-10's or CIFAR-100's. Columns: Image, an image of 32x32 encoded as PNG, as LoadRawImageBytes gives any other; Label, the
    /// class as a number from 0, or as its name where there is a file of names. Read as cursors pass; nothing is kept.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="labelNamesPath">The data set's file of class names, such as <c>batches.meta.txt</c>; null for numbers.</param>
    /// <param name="paths">The files, in order.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is of another format; the message says where.</exception>
    public static IDataView LoadCifar(this DataOperationsCatalog catalog, CifarBinary format, string? labelNamesPath, params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(paths);
        // Read opens nothing but checks that the file is there and of whole records: better now than in the middle of a Fit.
        foreach (string path in paths)
            _ = format.Read(path);
        IReadOnlyList<string>? names = labelNamesPath is null ? null : format.ReadLabelNames(labelNamesPath);
        IEnumerable<CifarRecord> records = paths.SelectMany(format.Read);
        return names is null
            ? catalog.LoadFromEnumerable(records.Select(record => new NumberedCifarRow { Image = record.ToPng(), Label = (uint)record.Label }))
            : catalog.LoadFromEnumerable(records.Select(record => new NamedCifarRow { Image = record.ToPng(), Label = names[record.Label] }));
    }

    /// <summary>
    /// CIFAR-10 or CIFAR-100 from the archive (tar.gz of the binary files) in which it is published, without unpacking it, or from the folder that it was
    /// unpacked to. Columns: Image, an image of 32x32 encoded as PNG; Label, the name of the class. Rows in the order of the unpacked files. Read as cursors
    /// pass; nothing is kept, so that Cache spares inflating it each time.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="format"><see cref="CifarBinary.Cifar10"/> or <see cref="CifarBinary.Cifar100"/>.</param>
    /// <param name="path">The archive, <c>cifar-10-binary.tar.gz</c> or <c>cifar-100-binary.tar.gz</c>, or the folder that holds the binary files.</param>
    /// <param name="part">Which images.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The archive is damaged or another; the message names the file in it and the byte.</exception>
    public static IDataView LoadCifarArchive(this DataOperationsCatalog catalog, CifarBinary format, string path, DataPart part)
    {
        ArgumentNullException.ThrowIfNull(format);
        CheckArguments(catalog, path);
        if (Directory.Exists(path))
            return catalog.LoadCifar(format, Path.Combine(path, format.NamesFile), [.. format.FilesOf(part).Select(name => Path.Combine(path, name))]);
        CifarArchive archive = new(format, path);
        IReadOnlyList<string> names = archive.ReadLabelNames();
        return catalog.LoadFromEnumerable(archive.Read(part).Select(record => new NamedCifarRow { Image = record.ToPng(), Label = names[record.Label] }));
    }

    /// <summary>
    /// A CSV or TSV file of images and labels. Columns: ImagePath, text, relative paths made whole; Label, text. In the order of the file; the images are not
    /// opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The list.</param>
    /// <param name="format">How it is laid out; null for columns ImagePath and Label, named in the first line.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The list is not of that format; the message says on which line.</exception>
    public static IDataView LoadImageList(this DataOperationsCatalog catalog, string path, ImageListFormat? format = null)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(ImageList.Read(path, format ?? new()));
    }

    /// <summary>
    /// A CSV or TSV file of images with any number of labels each, such as <c>a.jpg,cat;sofa</c>. Columns: ImagePath, text; Labels, a vector of text of unknown
    /// size, each label of a row once, empty where it has none. In the order of the file; the images are not opened.
    /// </summary>
    /// <inheritdoc cref="LoadImageList"/>
    public static IDataView LoadMultilabelImageList(this DataOperationsCatalog catalog, string path, ImageListFormat? format = null)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(ImageList.ReadMultilabel(path, format ?? new()));
    }

    /// <summary>
    /// Tiny ImageNet as it is published. Columns: ImagePath, text; Label, the class's WordNet id; Description, its names. Training images by class and path,
    /// validation images, which stand for the test images without labels, as they are listed. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder that holds wnids.txt, train and val.</param>
    /// <param name="part">Which images.</param>
    /// <exception cref="DirectoryNotFoundException">A folder is missing.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is wrong; the message says on which line. Or a class has no image.</exception>
    public static IDataView LoadTinyImageNet(this DataOperationsCatalog catalog, string path, DataPart part)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(TinyImageNet.Read(path, part));
    }

    /// <summary>
    /// ImageNet, or any part of it: a folder of images for each class, called by its WordNet id. Columns: ImagePath, text; Label, the id (names are not
    /// unique); Description, the names that the list gives. Ordered by the list and then by path. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of the class folders, such as <c>ILSVRC/Data/CLS-LOC/train</c>.</param>
    /// <param name="synsetListPath">The classes to take, an id a line, names behind it or not, such as <c>LOC_synset_mapping.txt</c>.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none of a class on the list.</exception>
    /// <exception cref="FileNotFoundException">There is no such list.</exception>
    /// <exception cref="InvalidDataException">The list is wrong; the message says on which line. Or a class has no image.</exception>
    public static IDataView LoadImageNet(this DataOperationsCatalog catalog, string path, string synsetListPath)
    {
        CheckArguments(catalog, path);
        ArgumentException.ThrowIfNullOrEmpty(synsetListPath);
        return catalog.LoadFromEnumerable(ImageNetFolder.Read(path, synsetListPath));
    }

    /// <summary>
    /// Caltech-UCSD Birds-200-2011 as it is published. Columns: ImagePath, text; Label, the class, such as <c>001.Black_footed_Albatross</c>; Box, the bird's x, y, width and
    /// height in pixels. In the order of images.txt. The images are not opened.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder CUB_200_2011, which holds images.txt.</param>
    /// <param name="part">Which side of the published split.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A list is missing.</exception>
    /// <exception cref="InvalidDataException">A list is wrong, or two do not fit; the message says where.</exception>
    public static IDataView LoadCaltechBirds(this DataOperationsCatalog catalog, string path, DataPart part)
    {
        CheckArguments(catalog, path);
        return catalog.LoadFromEnumerable(CaltechBirds.Read(path, part), WithBox<BoxedImageRow>());
    }

    /// <summary>
    /// The images of Pascal VOC with all their classes. Columns: ImagePath, text; Labels, a vector of text of unknown size, the classes of which something is
    /// there that is not difficult; DifficultLabels, those of which only difficult objects are there, which VOC does not count either way. In the order of the
    /// set's list.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is wrong; the message says on which line.</exception>
    public static IDataView LoadPascalVocImages(this DataOperationsCatalog catalog, string path, string set) =>
        catalog.LoadFromEnumerable(ReadVoc(catalog, path, set).Select(VocImageRow.Of).ToArray());

    /// <summary>
    /// The objects of Pascal VOC. Columns: ImagePath, text; Label, the class; Box, x, y, width and height in pixels, the upper left pixel being 0, 0; Difficult and Truncated,
    /// as annotated. A row an object, in the order of the set's list and of the annotations; parts of an object are no objects.
    /// </summary>
    /// <inheritdoc cref="LoadPascalVocImages"/>
    public static IDataView LoadPascalVocObjects(this DataOperationsCatalog catalog, string path, string set) =>
        catalog.LoadFromEnumerable(ReadVoc(catalog, path, set).SelectMany(VocObjectRow.Of).ToArray(), WithBox<VocObjectRow>());

    /// <summary>
    /// The objects of Pascal VOC, cut out of their images. Columns: ImagePath, text, the whole image; Image, the object alone, encoded as PNG; Label, its
    /// class. An image that cannot be read gives its own bytes, so that whoever decodes them decides. Cut as cursors pass; nothing is kept.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="path">The folder of a year, such as <c>VOCdevkit/VOC2007</c>.</param>
    /// <param name="set">The name of a list in ImageSets/Main: train, val, trainval or test.</param>
    /// <param name="minSide">The least width and height of an object, in pixels.</param>
    /// <param name="withDifficult">Whether difficult objects count.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A list or an annotation is missing.</exception>
    /// <exception cref="InvalidDataException">A list or an annotation is wrong; the message says on which line.</exception>
    public static IDataView LoadPascalVocPatches(this DataOperationsCatalog catalog, string path, string set, int minSide = 64, bool withDifficult = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minSide);
        return catalog.LoadFromEnumerable(VocPatches.Cut(ReadVoc(catalog, path, set), minSide, withDifficult));
    }

    private static IReadOnlyList<VocImage> ReadVoc(DataOperationsCatalog catalog, string path, string set)
    {
        CheckArguments(catalog, path);
        ArgumentException.ThrowIfNullOrEmpty(set);
        return PascalVoc.Read(path, set);
    }

    // A vector of known size.
    private static SchemaDefinition WithBox<TRow>()
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(TRow));
        schema[nameof(BoxedImageRow.Box)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, AnnotationBox.Length);
        return schema;
    }

    private static void CheckArguments(DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(path);
    }
}

/// <summary>
/// Splits, samples, noise and counts by class, of rows whose label is a key, text or a number. Each passes over the labels once, when it is called; what it gives passes over
/// the rows in their order, which must stay what it was. The same seed gives the same rows on every machine.
/// </summary>
public static class LabeledDataExtensions
{
    /// <summary>Splits rows so that both sides have the same share of each class, as near as whole rows allow; each class keeps a row to train on. Rows without a label are for training.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="testFraction">The share to test on, between 0 and 1.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <param name="seed">Decides which rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is none, or the column is missing or of another type.</exception>
    public static (IDataView Train, IDataView Test) SplitByClass(
        this DataOperationsCatalog catalog, IDataView data, double testFraction = 0.1, string labelColumnName = "Label", int seed = 0)
    {
        if (!(testFraction is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "The share lies between 0 and 1.");
        RowClasses classes = Read(catalog, data, labelColumnName);
        bool[] test = StratifiedSplit.HeldOut(classes.OfRows, testFraction, new RandomStream(seed, "split-by-class"));
        return (RowByRowView.Select(data, [.. test.Select(takes => !takes)]), RowByRowView.Select(data, test));
    }

    /// <summary>
    /// Takes the rows of the first classes, in the order of the keys, by number, or by ordinal comparison: a smaller problem. Two sides with rows of the same classes keep the same ones. A key
    /// keeps its values: take classes before labels become keys.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="classes">How many classes, at least 1.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are fewer classes.</exception>
    public static IDataView TakeClasses(this DataOperationsCatalog catalog, IDataView data, int classes, string labelColumnName = "Label")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        RowClasses all = Read(catalog, data, labelColumnName);
        return all.Names.Count < classes
            ? throw new InvalidOperationException(FormattableString.Invariant($"There are {all.Names.Count} classes, fewer than {classes}."))
            : RowByRowView.Select(data, [.. all.OfRows.Select(index => index >= 0 && index < classes)]);
    }

    /// <summary>Takes so many rows of each class at random: a small-sample series. With the same seed, a larger number takes the rows of a smaller one and more.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rowsPerClass">How many, at least 1.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <param name="seed">Decides which rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">A class has fewer rows; the message names it.</exception>
    public static IDataView TakeRowsPerClass(this DataOperationsCatalog catalog, IDataView data, int rowsPerClass, string labelColumnName = "Label", int seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerClass, 1);
        RowClasses classes = Read(catalog, data, labelColumnName);
        int[] counts = classes.Counts();
        if (Array.FindIndex(counts, count => count < rowsPerClass) is >= 0 and var few)
            throw new InvalidOperationException(FormattableString.Invariant($"Class '{classes.Names[few]}' has {counts[few]} rows, fewer than {rowsPerClass}."));
        var taken = new bool[classes.OfRows.Count];
        foreach (int[] ofClass in classes.Shuffled(new RandomStream(seed, "rows-of-each-class")))
            foreach (int row in ofClass.Take(rowsPerClass))
                taken[row] = true;
        return RowByRowView.Select(data, taken);
    }

    /// <summary>
    /// Makes labels wrong: in each class the share <paramref name="rate"/> of its rows, rounded to whole ones, and never into what they were. With the same seed, a higher rate
    /// errs wherever a lower one does, and alike. The rows are the same otherwise; put noise on training rows only.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rate">The share, 0 to 1.</param>
    /// <param name="noise">What a wrong label becomes.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <param name="seed">Decides which rows, and what they become.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is none, there is no such noise, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are fewer than two classes.</exception>
    public static IDataView AddLabelNoise(
        this DataOperationsCatalog catalog, IDataView data, double rate, LabelNoise noise = LabelNoise.Symmetric, string labelColumnName = "Label", int seed = 0)
    {
        if (!(rate is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "The share lies in [0, 1].");
        if (!Enum.IsDefined(noise))
            throw new ArgumentOutOfRangeException(nameof(noise), noise, "There is no such noise.");
        RowClasses classes = Read(catalog, data, labelColumnName);
        if (classes.Names.Count < 2)
            throw new InvalidOperationException("A wrong label takes two classes.");
        int[] wrong = [.. Enumerable.Repeat(-1, classes.OfRows.Count)];
        RandomStream order = new(seed, "label-noise"), draws = new(seed, "label-noise-classes");
        foreach ((int index, int[] ofClass) in classes.Shuffled(order).Index())
        {
            int errors = (int)Math.Round(rate * ofClass.Length);
            for (int i = 0; i < ofClass.Length; i++)
            {
                // Drawn for right labels, too, so that another rate does not shift the draws.
                int step = noise == LabelNoise.Pair ? 1 : 1 + draws.NextInt(classes.Names.Count - 1);
                wrong[ofClass[i]] = i < errors ? (index + step) % classes.Names.Count : -1;
            }
        }
        return RowByRowView.Relabel(data, new Relabeling(classes.Column.Index, classes.Values, wrong));
    }

    /// <summary>Counts the rows of each class, in the order of keys, numbers or names. Rows without a label do not count.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static IReadOnlyList<ClassCount> CountClasses(this DataOperationsCatalog catalog, IDataView data, string labelColumnName = "Label") =>
        ImageInspector.CountsOf(Read(catalog, data, labelColumnName));

    /// <summary>
    /// Decodes every image and reports what there is: rows of each class, sizes, images that cannot be read, images that are there twice. Leakage between two
    /// sets: <see cref="ImageSetReport.SharedWith"/> of their reports.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="labelColumnName">The label; rows may be without.</param>
    /// <param name="imageColumnName">The encoded images; where there is no such column, the files are taken that a text column ImagePath names.</param>
    /// <param name="maxPixels">The largest image that is decoded, in pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is of another type, or there are no images.</exception>
    public static ImageSetReport InspectImages(
        this DataOperationsCatalog catalog, IDataView data, string labelColumnName = "Label", string imageColumnName = "Image", long maxPixels = ImageCodec.DefaultMaxPixels)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return new ImageInspector(maxPixels).Inspect(data, labelColumnName, imageColumnName);
    }

    private static RowClasses Read(DataOperationsCatalog catalog, IDataView data, string labelColumnName)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return RowClasses.Read(data, labelColumnName);
    }
}
