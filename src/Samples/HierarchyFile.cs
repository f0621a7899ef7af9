using Microsoft.ML;
using Microsoft.ML.FeatureMining.Hierarchies;

namespace Samples;

/// <summary>A hierarchy of classes on the command line.</summary>
internal static class HierarchyFile
{
    /// <summary>Reads a tree whose leaves are the classes of the rows by name, or takes that of a saved model of the same classes.</summary>
    public static ClassHierarchy Read(MLContext ml, FileInfo file, IDataView rows)
    {
        if (file.Extension != ".zip")
        {
            return ClassHierarchy.Read(file.FullName, [.. ml.Data.CountClasses(rows).Select(entry => entry.Name)]);
        }

        return ml.Model.GetImageModel(ModelOption.Load(ml, file, out _)).InduceHierarchy();
    }
}
