namespace Microsoft.ML;

/// <summary>Can be part of a model file.</summary>
public interface ICanSaveModel
{
    void Save(ModelSaveContext ctx);
}
